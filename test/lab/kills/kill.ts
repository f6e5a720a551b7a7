import type { Lab } from "../lab.js";
import { until } from "../machine/machine.js";
import { type Ending, type EndingName, endings, toolRuns } from "./endings.js";
import { added, type Footprint, footprint } from "./footprint.js";
import type { Moment } from "./moment.js";
import { startNotebook } from "./notebook.js";
import { type VictimName, victims } from "./victims.js";

/** What became of a measurement that was cut off. */
export interface Killed {
  victim: VictimName;
  ending: EndingName;
  moment: Moment;
  /** What the host had of it just before: nothing yet, processes only, or BPF programs, too. */
  stage: "nothing" | "processes" | "programs";
  /** What was left of it in the end: nothing, if all is well. */
  left: string[];
  /** How long it took until nothing was left, to the precision of one look; under the bound, where something was. */
  seconds: number;
}

/** Emulated machines are slow to look at, and busy ones more so: what is still there then stays. */
const patienceSeconds = 45;

/**
 * Runs a measurement from a notebook and cuts it off.
 *
 * @param before what the host has without it.
 */
export async function kill(
  lab: Lab,
  victim: VictimName,
  ending: EndingName,
  moment: Moment,
  before: Footprint,
): Promise<Killed> {
  const { seconds: asked, attachSeconds, cut, mend }: Ending = endings[ending];
  const notebook = startNotebook(lab, victims[victim].cell(asked, attachSeconds));
  try {
    await until(120, "the notebook's connection", () => notebook.connected());
    if (moment.from !== "connection") await toolRuns(lab.host);
    if (moment.from === "programs") {
      const loaded = async () => hasPrograms(added(before, await footprint(lab.host)));
      await until(attachSeconds, "the measurement's programs", loaded);
    }
    await new Promise((later) => setTimeout(later, moment.afterMs));
    const then = added(before, await footprint(lab.host));
    await cut(notebook, lab.host);
    const start = performance.now();
    let left: string[];
    do {
      await new Promise((later) => setTimeout(later, 250));
      left = added(before, await footprint(lab.host));
    } while (left.length > 0 && performance.now() - start < patienceSeconds * 1_000);
    const seconds = (performance.now() - start) / 1_000;
    await mend?.(lab.host);
    return { victim, ending, moment, stage: stageOf(then), left, seconds };
  } finally {
    await notebook.end();
  }
}

function stageOf(lines: readonly string[]): Killed["stage"] {
  if (hasPrograms(lines)) return "programs";
  return lines.some((line) => line.startsWith("process ")) ? "processes" : "nothing";
}

function hasPrograms(lines: readonly string[]): boolean {
  return lines.some((line) => line.startsWith("bpf "));
}
