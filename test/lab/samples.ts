import { rmSync } from "node:fs";
import {
  conntrackEvents,
  conntrackSummary,
  defragEvents,
  defragSummary,
  pathEvents,
  pathSummary,
  qdiscDrops,
  record,
} from "../../lib/index.js";
import { harm } from "./compare.js";
import { duplicateFragments, type Injectable, nftDrop, pathFaults, tbfOverflow } from "./faults/index.js";
import { startLab } from "./lab.js";

// `npm run lab:samples`: records a run of each probe that needs kprobes, on a host with trouble: what the recordings beside the samples are made of.
const folder = "out/lab-samples";
const asked = { seconds: 15, attachSeconds: 240 };
/** A sample is to be read. */
const few = { ...asked, maxEvents: 40 };

const lost = pathFaults.find(({ protocol }) => protocol === "ICMP");
if (lost === undefined) throw new Error("the lab has no fault on a path of ICMP");
const path = { ...lost.way, protocol: lost.protocol };

rmSync(folder, { recursive: true, force: true });
// What the host and its kernel are is asked of them once.
await record(folder);
const lab = await startLab("6.1");
try {
  const { host } = lab;
  const during = (fault: Injectable) => ({ during: () => harm(lab, fault) });
  await qdiscDrops(host, { ...asked, ...during(tbfOverflow) });
  await conntrackSummary(host, { ...asked, ...during(nftDrop) });
  await conntrackEvents(host, { ...few, ...during(nftDrop) });
  await defragSummary(host, { ...asked, ...during(duplicateFragments) });
  await defragEvents(host, { ...few, ...during(duplicateFragments) });
  await pathSummary(host, { ...asked, ...path, ...during(lost) });
  await pathEvents(host, { ...few, ...path, ...during(lost) });
} finally {
  await lab.stop();
}
console.log(
  `recorded; SKBOOK_SAMPLE_CASE=${folder} SKBOOK_WRITE_SAMPLES=1 npx vitest run --project live test/probes/samples.test.ts makes samples of it`,
);
