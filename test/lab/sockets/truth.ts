import { type KernelVersion, kernelVersions } from "../kernels.js";
import { startLab } from "../lab.js";
import { compareSockets } from "./compare.js";
import { socketScenes } from "./scenes.js";

/** `npm run lab:truth sockets [KERNEL|SCENE...]`: what transfers with a known limit are said to be held up by, as tab-separated lines; how many are wrong. */
export async function socketsTruth(wanted: readonly string[]): Promise<number> {
  const names = socketScenes.map(({ name }) => name);
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
  console.log(["scene", "kernel", "summary", "pipeline", "primary", "verdict", "transferReport"].join("\t"));
  let wrong = 0;
  for (const version of some<KernelVersion>(kernelVersions)) {
    const lab = await startLab(version);
    try {
      const asked = socketScenes.filter(({ name }) => some(names).includes(name));
      for await (const one of compareSockets(lab, asked)) {
        const { scene, kernel, summary, pipeline, primary, verdict, beside } = one;
        console.log([scene, kernel, summary, pipeline, primary, verdict, beside].join("\t"));
        if (verdict !== "ok") wrong += 1;
      }
    } finally {
      await lab.stop();
    }
  }
  return wrong;
}
