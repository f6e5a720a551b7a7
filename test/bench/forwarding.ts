import type { Host } from "../../lib/index.js";
import { startSshd } from "../fixtures/sshd.js";
import { appAddress, buildScene, clientAddress, managementAddress, openPort } from "../scene/topology.js";
import { traffic } from "../scene/traffic.js";
import { type During, packets } from "./against-bcc.js";
import { withEachBpftrace } from "./bpftraces.js";

/** The packets that are sent. */
export const sent = { src: clientAddress, dst: appAddress, protocol: "UDP" } as const;

/** A host that forwards packets from `uplink0` to `vnet0`, once for each bpftrace, and what sends them. */
export async function forwarding<Result>(
  prefix: string,
  act: (hosts: readonly Host[], send: During) => Promise<Result>,
): Promise<Result> {
  const scene = await buildScene(prefix);
  const sshd = await startSshd({ address: managementAddress, port: 22, namespace: scene.host });
  try {
    return await withEachBpftrace(sshd, async (hosts) => {
      // A queue of its own shape would drop most of them before they come out.
      await hosts[0]?.exec(["tc", "qdisc", "del", "dev", "vnet0", "root"]);
      return act(hosts, async () => {
        await traffic(scene.client, "udp", sent.dst, openPort, packets, 64);
      });
    });
  } finally {
    sshd.stop();
    await scene.remove();
  }
}

/** This machine as a host, once for each bpftrace. */
export async function here<Result>(act: (hosts: readonly Host[]) => Promise<Result>): Promise<Result> {
  const sshd = await startSshd();
  try {
    return await withEachBpftrace(sshd, act);
  } finally {
    sshd.stop();
  }
}
