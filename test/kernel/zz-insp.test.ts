import { test } from "vitest";
import { Cells } from "/work/wt-docs2/kernel/language/cells.js";
import { inspect, complete } from "/work/wt-docs2/kernel/language/questions.js";
test("x", () => {
  const cells = new Cells("/tmp");
  const pre = 'import { dropSummary, dropEvents, pathSummary, pathEvents, qdiscDrops, localhost } from "skbook"; const host = localhost();\n';
  for (const [code, back] of [
    ['dropSummary(host, { src: "" })', 8], ['dropSummary(host, { by: ["flow"] })', 14], ['dropSummary(host, { seconds: 3 })', 8],
    ['dropEvents(host, { maxEvents: 3 })', 8], ['dropEvents(host, { seconds: 1, stacks: 3 })', 8],['dropEvents(host, { seconds: 1, headers: true })', 12],
    ['qdiscDrops(host, { seconds: 1, device: "a" })', 10],
    ['pathSummary(host, { seconds: 1, from: "a" })', 9],['pathEvents(host, { seconds: 1, timeoutMs: 3 })', 9],
    ['dropSummary(host, { sr', 0], ['dropSummary(host, {', 0],
    ['dropSummary(', 0], ['dropSummary', 0],
  ] as [string, number][]) {
    const t0 = Date.now();
    const text = pre + code;
    const r = inspect(cells, text, text.length - back);
    console.log("=====", code.slice(0, code.length - back) + "|", Date.now() - t0, "\n", r?.signature.slice(0, 300), "\n--", r?.documentation.slice(0, 200));
  }
  const t = pre + "dropSummary(host, { sr";
  console.log(complete(cells, t, t.length).matches);
});
