import { expect, test } from "vitest";
import { describeLive } from "../fixtures/needs.js";
import { verdicts } from "./compare.js";
import { conntrackFull, duplicateFragments, tbfOverflow } from "./faults/index.js";
import { compareLayers } from "./layers.js";
import { sharedLab } from "./shared.js";

describeLive("probes of one layer on a host with kernel 6.1", ["root", "lab", "debian"], () => {
  const lab = sharedLab("6.1");

  test("count what goes wrong in it, and say nothing of the others", {
    timeout: 1_200_000,
  }, async () => {
    const seenBy = [
      [tbfOverflow, ["qdiscDrops"]],
      [conntrackFull, ["conntrackSummary", "conntrackEvents"]],
      [duplicateFragments, ["defragSummary", "defragEvents"]],
    ] as const;
    const faults = seenBy.map(([fault]) => fault);
    const expected = seenBy.flatMap(([own, probes]) =>
      faults.flatMap(({ name: fault }) =>
        probes.map((probe) => ({ fault, probe, verdict: fault === own.name ? "ok" : "silent" })),
      ),
    );
    const said = await verdicts(compareLayers(lab(), faults));
    expect(said).toHaveLength(expected.length);
    expect(said).toEqual(expect.arrayContaining(expected));
  });
});
