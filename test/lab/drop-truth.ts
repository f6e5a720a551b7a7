import { type Comparison, compare } from "./compare.js";
import { faults, pathFaults } from "./faults/index.js";
import { compareLayers } from "./layers.js";
import { comparePaths } from "./paths.js";
import type { TruthTable } from "./truth-table.js";

const fine = ["ok", "unseen", "silent"];

/** Every fault that takes packets away, as the probes of drops, of other layers and of paths see it. */
export const dropTruth: TruthTable = {
  of: "fault",
  names: [...faults, ...pathFaults].map(({ name }) => name),
  columns: ["fault", "probe", "kernel", "truth", "seen", "lost", "verdict", "elsewhere"],
  async *lines(lab, names) {
    const asked = <One extends { name: string }>(all: readonly One[]) =>
      all.filter(({ name }) => names.includes(name));
    const comparisons: readonly AsyncIterable<Comparison>[] = [
      compare(lab, asked(faults)),
      compareLayers(lab, asked(faults)),
      comparePaths(lab, asked(pathFaults)),
    ];
    for (const all of comparisons)
      for await (const { fault, probe, truth, seen, lost, verdict, elsewhere } of all)
        yield {
          cells: [fault, probe, lab.kernel, truth, seen, lost, verdict, elsewhere.join(", ")],
          wrong: !fine.includes(verdict),
        };
  },
};
