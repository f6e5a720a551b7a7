import type { TruthTable } from "../truth-table.js";
import { compareRules, rounds, scenes } from "./index.js";

/** Every rule on drops, with a scene that it finds and one that it spares. */
export const rulesTruth: TruthTable = {
  of: "scene",
  names: scenes.map(({ name }) => name),
  columns: ["scene", "kernel", "rule", "said", "verdict", "beside"],
  async *lines(lab, names) {
    for (const round of rounds) {
      const asked = round.filter(({ name }) => names.includes(name));
      if (asked.length === 0) continue;
      for (const { scene, kernel, rule, said, verdict, beside } of await compareRules(lab, asked))
        yield {
          cells: [scene, kernel, rule, said, verdict, beside],
          wrong: !["ok", "unseen"].includes(verdict),
        };
    }
  },
};
