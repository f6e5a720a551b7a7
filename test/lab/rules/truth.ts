import { type KernelVersion, kernelVersions } from "../kernels.js";
import { startLab } from "../lab.js";
import { compareRules, rounds, scenes } from "./index.js";

/** `npm run lab:truth rules [KERNEL|SCENE...]`: every rule on drops, with a scene that it finds and one that it spares, as tab-separated lines; how many are wrong. */
export async function rulesTruth(wanted: readonly string[]): Promise<number> {
  const names = scenes.map(({ name }) => name);
  const unknown = wanted.filter((name) => ![...names, ...kernelVersions].includes(name));
  if (unknown.length > 0) {
    console.error(
      `there is no kernel or scene ${unknown.join(", ")}; there are ${kernelVersions.join(", ")}, ${names.join(", ")}`,
    );
    process.exit(2);
  }
  const some = <Name extends string>(all: readonly Name[]) => {
    const chosen = all.filter((name) => wanted.includes(name));
    return chosen.length > 0 ? chosen : all;
  };
  console.log(["scene", "kernel", "rule", "said", "verdict", "beside"].join("\t"));
  let wrong = 0;
  for (const version of some<KernelVersion>(kernelVersions)) {
    const lab = await startLab(version);
    try {
      for (const round of rounds) {
        const asked = round.filter(({ name }) => some(names).includes(name));
        if (asked.length === 0) continue;
        for (const { scene, kernel, rule, said, verdict, beside } of await compareRules(lab, asked)) {
          console.log([scene, kernel, rule, said, verdict, beside].join("\t"));
          if (!["ok", "unseen"].includes(verdict)) wrong += 1;
        }
      }
    } finally {
      await lab.stop();
    }
  }
  return wrong;
}
