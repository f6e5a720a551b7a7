import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  connect,
  conntrackEvents,
  conntrackSummary,
  defragEvents,
  defragSummary,
  dropEvents,
  dropSummary,
  type Host,
  pathSummary,
  pathTrace,
  qdiscDrops,
} from "../../lib/index.js";
import { expectThatItRuns } from "../fixtures/catalogue.js";
import { describeLive } from "../fixtures/needs.js";
import { compare, verdicts } from "./compare.js";
import {
  closedUdpPort,
  conntrackFull,
  duplicateFragments,
  netemLoss,
  type PathFault,
  pathFaults,
  tbfOverflow,
} from "./faults/index.js";
import type { KernelVersion } from "./kernels.js";
import { type Lab, startLab } from "./lab.js";
import { compareLayers } from "./layers.js";
import { comparePaths } from "./paths.js";

/** Attaching takes seconds in an emulated machine, and more on a busy one. */
const patienceMs = 1_200_000;

const kernelsBtf = "/sys/kernel/btf";

const onTheWay = pathFaults[0] as PathFault;
const path = { ...onTheWay.way, protocol: onTheWay.protocol };
const common = { seconds: 2, attachSeconds: 240 };

/** Every probe that reads the kernel's structs. */
const calls: Record<string, (host: Host, during: () => unknown) => Promise<unknown>> = {
  dropSummary: (host, during) => dropSummary(host, { ...common, during }),
  dropEvents: (host, during) => dropEvents(host, { ...common, during }),
  pathSummary: (host, during) => pathSummary(host, { ...common, ...path, during }),
  pathTrace: (host, during) => pathTrace(host, { ...common, ...path, during }),
  qdiscDrops: (host, during) => qdiscDrops(host, { ...common, during }),
  conntrackSummary: (host, during) => conntrackSummary(host, { ...common, during }),
  conntrackEvents: (host, during) => conntrackEvents(host, { ...common, during }),
  defragSummary: (host, during) => defragSummary(host, { ...common, during }),
  defragEvents: (host, during) => defragEvents(host, { ...common, during }),
};

async function btfOf({ host }: Lab): Promise<Buffer> {
  const { stdout } = await host.exec(["base64", `${kernelsBtf}/vmlinux`]);
  return Buffer.from(stdout, "base64");
}

describeLive("a host with kernel 5.10 and neither BTF nor headers", ["root", "lab", "debian"], () => {
  const folder = mkdtempSync(join(tmpdir(), "skbook-lab-btf-"));
  const file = (kernel: KernelVersion) => join(folder, kernel);
  let lab: Lab | undefined;

  beforeAll(async () => {
    const other = await startLab("6.1");
    try {
      writeFileSync(file("6.1"), await btfOf(other));
    } finally {
      await other.stop();
    }
    lab = await startLab("5.10");
    writeFileSync(file("5.10"), await btfOf(lab));
    const hidden = await lab.host.exec(["mount", "-t", "tmpfs", "none", kernelsBtf], { root: true });
    expect([hidden.exitCode, hidden.stderr]).toEqual([0, ""]);
  }, patienceMs);
  afterAll(async () => {
    await lab?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The lab, reached with a file of BTF, or none. */
  async function within<Result>(
    btf: string | undefined,
    act: (lab: Lab) => Promise<Result>,
  ): Promise<Result> {
    const { destination, options, ...rest } = lab as Lab;
    const asked = btf === undefined ? options : { ...options, btf };
    const host = await connect(destination, asked);
    try {
      return await act({ ...rest, destination, options: asked, host });
    } finally {
      await host.close();
    }
  }

  /** What each probe says where it can't run; none may have begun to measure. */
  async function refusals(host: Host): Promise<Record<string, unknown>> {
    const said: Record<string, unknown> = {};
    for (const [name, call] of Object.entries(calls)) {
      let measured = "";
      const during = () => {
        measured = " after it began";
      };
      said[name] = await call(host, during).then(
        () => "measured",
        (error) => `${error.code}${measured}`,
      );
    }
    return said;
  }
  const all = (code: string) => Object.fromEntries(Object.keys(calls).map((name) => [name, code]));

  test("nothing is measured there without a file of its BTF", { timeout: patienceMs }, () =>
    within(undefined, async ({ host }) => expect(await refusals(host)).toEqual(all("BTF_MISSING"))),
  );

  test("what canRun says of it without that file is true", { timeout: patienceMs }, () =>
    within(undefined, ({ host }) => expectThatItRuns(host, common.attachSeconds, "BTF_MISSING")),
  );

  test("and with it", { timeout: patienceMs }, () =>
    within(file("5.10"), ({ host }) => expectThatItRuns(host, common.attachSeconds)),
  );

  test("nor with the file of another kernel", { timeout: patienceMs }, () =>
    within(file("6.1"), async ({ host }) => expect(await refusals(host)).toEqual(all("BTF_MISMATCH"))),
  );

  test("with its own, drops are as many as the host's own counters have", { timeout: patienceMs }, () =>
    within(file("5.10"), async (given) => {
      const faults = [closedUdpPort, netemLoss];
      const expected = faults.flatMap(({ name: fault }) =>
        ["dropSummary", "dropEvents"].map((probe) => ({ fault, probe, verdict: "ok" })),
      );
      expect(await verdicts(compare(given, faults))).toEqual(expected);
      const { provenance } = await dropSummary(given.host, common);
      expect(provenance).toMatchObject({
        notes: [],
        details: { stderr: "", selfCost: { runs: expect.any(Number) } },
      });
    }),
  );

  test("so are losses on the way through it", { timeout: patienceMs }, () =>
    within(file("5.10"), async (given) => {
      const faults = [onTheWay];
      const expected = faults.flatMap(({ name: fault }) =>
        ["pathSummary", "pathTrace"].map((probe) => ({ fault, probe, verdict: "ok" })),
      );
      expect(await verdicts(comparePaths(given, faults))).toEqual(expected);
    }),
  );

  test("so is what goes wrong in one layer", { timeout: 2 * patienceMs }, () =>
    within(file("5.10"), async (given) => {
      const said = await verdicts(compareLayers(given, [tbfOverflow, conntrackFull, duplicateFragments]));
      expect(said).toEqual(said.map((one) => ({ ...one, verdict: expect.stringMatching(/^(ok|silent)$/) })));
      expect(said.filter((one) => (one as { verdict: string }).verdict === "ok")).toHaveLength(5);
    }),
  );
});
