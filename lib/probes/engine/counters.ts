import { type Bpf, bpf } from "../text/bpf.js";
import { BpfMap } from "../text/maps.js";

/**
 * What a program counts of its own events, for each hook on every CPU in a map of one value:
 * - `matched`: passed the filters, in a summary whose counts may find no room;
 * - `emitted`: were printed as rows;
 * - `suppressed`: were not printed, since too many came in a second;
 * - `beyond`: were not printed, since as many rows as were asked for had been;
 * - `entered`, `returned`: calls of interest that were seen to begin and to return: one without its return has no row;
 * - `negative`: intervals that ended before they began, by clocks of two CPUs that don't agree: in no row.
 */
export const counters = [
  ...(["matched", "emitted", "suppressed", "beyond"] as const),
  ...(["entered", "returned", "negative"] as const),
] as const;
export type Counter = (typeof counters)[number];

/** Statement that adds one; `hook` is its index among those of the probe. */
export function countOne(counter: Counter, hook: number): Bpf {
  return bpf`${new BpfMap(`${counter}_${hook}`, true).at()} = count();`;
}

/** Which counter of which hook a map is. */
export function counterOf(map: string): { counter: Counter; hook: number } | undefined {
  const [, counter, hook] = /^@([a-z]+)_(\d+)$/.exec(map) ?? [];
  const known = counters.find((one) => one === counter);
  return known === undefined ? undefined : { counter: known, hook: Number(hook) };
}
