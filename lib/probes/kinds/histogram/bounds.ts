import type { Column, Value } from "../../../tables/index.js";
import { meanOf, percentileBounds, type Samples } from "./samples.js";

const percents = [
  { percent: 50, name: "p50" },
  { percent: 90, name: "p90" },
  { percent: 99, name: "p99" },
  { percent: 99.9, name: "p999" },
  { percent: 100, name: "max" },
] as const;

/** Columns of a distribution of times, of which the kernel keeps number and sum of each bucket: its percentiles and its maximum are bounds. */
export const boundsColumns: readonly Column[] = columnsIn("ns");

/** The same of quantities whose unit stands in a column beside them. */
export const plainColumns: readonly Column[] = columnsIn(null);

function columnsIn(unit: string | null): Column[] {
  const column = (name: string, type: "BIGINT" | "DOUBLE", meaning: string): Column =>
    unit === null ? { name, type, meaning } : { name: `${name}_${unit}`, type, unit, meaning };
  return [
    { name: "count", type: "BIGINT", meaning: "samples" },
    column("total", "BIGINT", "sum of them; null where it isn't known"),
    column("avg", "DOUBLE", "mean of them; null with their sum"),
    ...percents.flatMap(({ percent, name }): Column[] => {
      const what = percent === 100 ? `the ${unit === null ? "largest" : "longest"}` : `percentile ${percent}`;
      return [
        column(`${name}_low`, "BIGINT", `${what}: bound below`),
        column(`${name}_high`, "BIGINT", `${what}: bound above`),
      ];
    }),
  ];
}

/** The values of these columns. */
export function samplesBounds(samples: Samples | undefined): Value[] {
  if (samples === undefined || samples.count === 0)
    return boundsColumns.map(({ name }) => (name === "count" || name === "total_ns" ? 0 : null));
  const { count, sum, shortest, longest, buckets } = samples;
  return [
    count,
    sum,
    meanOf(samples),
    ...percents.flatMap(({ percent }) =>
      percent === 100 ? longest : percentileBounds(buckets, percent, { min: shortest[0], max: longest[1] }),
    ),
  ];
}

/** The values of these columns for events whose time isn't known. */
export function untimedValues(count: number): Value[] {
  return boundsColumns.map((_, index) => (index === 0 ? count : null));
}
