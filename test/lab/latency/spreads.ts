import type { Frame } from "../../../lib/index.js";
import { rowsOf } from "../layers.js";
import type { Spread } from "./fault.js";

/** The rows of a Frame with `count` and percentiles as bounds, each by what `label` makes of it. */
export function spreadsOf(frame: Frame, label: (row: Readonly<Record<string, unknown>>) => string): Spread[] {
  return rowsOf(frame)
    .filter(({ count }) => Number(count) > 0)
    .map((row) => ({
      label: label(row),
      count: Number(row.count),
      p50: [Number(row.p50_low_ns), Number(row.p50_high_ns)],
      p99: [Number(row.p99_low_ns), Number(row.p99_high_ns)],
    }));
}
