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
    const seenBy = {
      qdiscDrops: tbfOverflow,
      conntrackSummary: conntrackFull,
      defragSummary: duplicateFragments,
    };
    const faults = Object.values(seenBy);
    const expected = Object.entries(seenBy).flatMap(([probe, own]) => [
      { fault: own.name, probe, verdict: "ok" },
      ...faults.filter((one) => one !== own).map(({ name }) => ({ fault: name, probe, verdict: "silent" })),
    ]);
    expect(await verdicts(compareLayers(lab(), faults))).toEqual(expected);
  });
});
