import type { TruthTable } from "../truth-table.js";
import { compareLatency, latencyFaults, shown } from "./index.js";

/** Every fault that makes packets or threads late, as the probes see it. */
export const latencyTruth: TruthTable = {
  of: "fault",
  names: latencyFaults.map(({ name }) => name),
  columns: ["fault", "probe", "kernel", "row", "injected_ms", "measured_ms", "verdict", "beside"],
  async *lines(lab, names) {
    const asked = latencyFaults.filter(({ name }) => names.includes(name));
    for await (const one of compareLatency(lab, asked)) {
      const { fault, probe, label, injectedMs, measuredMs, verdict, beside } = one;
      const measured = measuredMs === null ? "-" : measuredMs.map(shown).join("..");
      yield {
        cells: [fault, probe, lab.kernel, label, shown(injectedMs), measured, verdict, beside.join(", ")],
        wrong: verdict !== "ok",
      };
    }
  },
};
