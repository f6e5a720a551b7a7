import { connect, type Host } from "../../lib/index.js";
import { isNewEnough } from "../../lib/probes/engine/version.js";
import type { Sshd } from "../fixtures/sshd.js";
import { bpftraceOf } from "../lab/images/bpftrace.js";
import { kernels } from "../lab/kernels.js";

/** Debian's newest: 0.23 adds to counts in place. */
const { userland } = kernels["6.12"];
const inPlace = "0.23.0";

/** Connects once for each bpftrace that what a probe costs is measured with: the host's own and, where that is older, the one of Debian's newest suite. */
export async function withEachBpftrace<Result>(
  sshd: Sshd,
  act: (hosts: readonly Host[]) => Promise<Result>,
): Promise<Result> {
  const hosts = [await connect(sshd.destination, sshd.options)];
  try {
    if (!isNewEnough(await versionOn(hosts[0] as Host), inPlace)) {
      const bpftrace = await bpftraceOf(userland).catch((error) => {
        console.error(
          `LEFT OUT: what a run costs with the bpftrace of Debian ${userland.name}: ${error.shortMessage ?? error}`,
        );
      });
      if (bpftrace !== undefined) hosts.push(await connect(sshd.destination, { ...sshd.options, bpftrace }));
    }
    return await act(hosts);
  } finally {
    for (const host of hosts) await host.close();
  }
}

/** What the bpftrace of a host says of its version. */
export async function versionOn(host: Host): Promise<string> {
  const { "tool.bpftrace": said = "" } = await host.snapshot();
  return said.split("\n").at(-1) ?? "";
}
