import { dropTruth } from "./drop-truth.js";
import { latencyTruth } from "./latency/truth.js";
import { rulesTruth } from "./rules/truth.js";
import { socketsTruth } from "./sockets/truth.js";
import { printTruth, type TruthTable } from "./truth-table.js";

// `npm run lab:truth [KERNEL|FAULT...]`: every fault on every kernel, as the probes see it, as tab-separated lines.
// `npm run lab:truth latency [KERNEL|FAULT...]`: the same of what makes packets late.
// `npm run lab:truth rules [KERNEL|SCENE...]`: what the rules on drops say of what is wrong, and of what is not.
// `npm run lab:truth sockets [KERNEL|SCENE...]`: what transfers with a known limit are said to be held up by.
const others = new Map<string, TruthTable>([
  ["latency", latencyTruth],
  ["rules", rulesTruth],
  ["sockets", socketsTruth],
]);
const asked = process.argv.slice(2);
const other = others.get(asked[0] ?? "");
const wrong = other === undefined ? printTruth(dropTruth, asked) : printTruth(other, asked.slice(1));
process.exitCode = (await wrong) === 0 ? 0 : 1;
