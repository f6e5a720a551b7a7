import { type KernelVersion, kernelVersions } from "../kernels.js";
import { startLab } from "../lab.js";
import { compareLatency, latencyFaults, shown } from "./index.js";

/** `npm run lab:truth latency [KERNEL|FAULT...]`: every fault that makes packets late, as the probes see it, as tab-separated lines; how many are wrong. */
export async function latencyTruth(wanted: readonly string[]): Promise<number> {
  const names = latencyFaults.map(({ name }) => name);
  const unknown = wanted.filter((name) => ![...names, ...kernelVersions].includes(name));
  if (unknown.length > 0) {
    console.error(
      `there is no kernel or fault ${unknown.join(", ")}; there are ${kernelVersions.join(", ")}, ${names.join(", ")}`,
    );
    process.exit(2);
  }
  const some = <Name extends string>(all: readonly Name[]) => {
    const chosen = all.filter((name) => wanted.includes(name));
    return chosen.length > 0 ? chosen : all;
  };
  const faults = latencyFaults.filter(({ name }) => some(names).includes(name));
  console.log(
    ["fault", "probe", "kernel", "row", "injected_ms", "measured_ms", "verdict", "beside"].join("\t"),
  );
  let wrong = 0;
  for (const version of some<KernelVersion>(kernelVersions)) {
    const lab = await startLab(version);
    try {
      for await (const one of compareLatency(lab, faults)) {
        const measured = one.measuredMs === null ? "-" : one.measuredMs.map(shown).join("..");
        const { fault, probe, label, injectedMs, verdict, beside } = one;
        console.log(
          [fault, probe, version, label, shown(injectedMs), measured, verdict, beside.join(", ")].join("\t"),
        );
        if (verdict !== "ok") wrong += 1;
      }
    } finally {
      await lab.stop();
    }
  }
  return wrong;
}
