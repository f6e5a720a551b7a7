import { compare } from "./compare.js";
import { faults, pathFaults } from "./faults/index.js";
import { type KernelVersion, kernelVersions } from "./kernels.js";
import { startLab } from "./lab.js";
import { latencyTruth } from "./latency/truth.js";
import { compareLayers } from "./layers.js";
import { comparePaths } from "./paths.js";
import { rulesTruth } from "./rules/truth.js";
import { socketsTruth } from "./sockets/truth.js";

// `npm run lab:truth [KERNEL|FAULT...]`: every fault on every kernel, as the probes see it, as tab-separated lines.
// `npm run lab:truth latency [KERNEL|FAULT...]`: the same of what makes packets late.
// `npm run lab:truth rules [KERNEL|SCENE...]`: what the rules on drops say of what is wrong, and of what is not.
// `npm run lab:truth sockets [KERNEL|SCENE...]`: what transfers with a known limit are said to be held up by.
const wanted = process.argv.slice(2);
if (wanted[0] === "latency") {
  process.exit((await latencyTruth(wanted.slice(1))) === 0 ? 0 : 1);
}
if (wanted[0] === "rules") {
  process.exit((await rulesTruth(wanted.slice(1))) === 0 ? 0 : 1);
}
if (wanted[0] === "sockets") {
  process.exit((await socketsTruth(wanted.slice(1))) === 0 ? 0 : 1);
}
const chosen = <Name extends string>(all: readonly Name[]) => {
  const some = all.filter((name) => wanted.includes(name));
  return some.length > 0 ? some : all;
};
const versions: readonly KernelVersion[] = chosen(kernelVersions);
const names = chosen([...faults, ...pathFaults].map(({ name }) => name));
const unknown = wanted.filter(
  (name) => !(versions as readonly string[]).includes(name) && !names.includes(name),
);
if (unknown.length > 0) {
  console.error(
    `there is no kernel or fault ${unknown.join(", ")}; there are ${kernelVersions.join(", ")}, ${faults.map(({ name }) => name).join(", ")}`,
  );
  process.exit(2);
}

console.log(["fault", "probe", "kernel", "truth", "seen", "lost", "verdict", "elsewhere"].join("\t"));
const fine = ["ok", "unseen", "silent"];
let wrong = 0;
for (const version of versions) {
  const lab = await startLab(version);
  try {
    const asked = <One extends { name: string }>(all: readonly One[]) =>
      all.filter(({ name }) => names.includes(name));
    for (const comparisons of [
      compare(lab, asked(faults)),
      compareLayers(lab, asked(faults)),
      comparePaths(lab, asked(pathFaults)),
    ]) {
      for await (const { fault, probe, truth, seen, lost, verdict, elsewhere } of comparisons) {
        console.log([fault, probe, version, truth, seen, lost, verdict, elsewhere.join(", ")].join("\t"));
        if (!fine.includes(verdict)) wrong += 1;
      }
    }
  } finally {
    await lab.stop();
  }
}
process.exitCode = wrong === 0 ? 0 : 1;
