import type { TruthTable } from "../truth-table.js";
import { compareSockets } from "./compare.js";
import { socketScenes } from "./scenes.js";

/** What transfers with a known limit are said to be held up by. */
export const socketsTruth: TruthTable = {
  of: "scene",
  names: socketScenes.map(({ name }) => name),
  columns: ["scene", "kernel", "summary", "pipeline", "primary", "verdict", "transferReport"],
  async *lines(lab, names) {
    const asked = socketScenes.filter(({ name }) => names.includes(name));
    for await (const one of compareSockets(lab, asked)) {
      const { scene, kernel, summary, pipeline, primary, verdict, beside } = one;
      yield {
        cells: [scene, kernel, summary, pipeline, primary, verdict, beside],
        wrong: verdict !== "ok",
      };
    }
  },
};
