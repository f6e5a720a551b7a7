import type { Column, Value } from "../../../tables/index.js";
import { type Bucket, percentileBounds, type Samples } from "./samples.js";

const percents = [
  { percent: 50, name: "p50" },
  { percent: 90, name: "p90" },
  { percent: 99, name: "p99" },
  { percent: 99.9, name: "p999" },
  { percent: 100, name: "max" },
] as const;

/** Columns of a distribution of which the kernel keeps buckets and the sum alone: its percentiles and its maximum are bounds. */
export const boundsColumns: readonly Column[] = [
  { name: "count", type: "BIGINT", meaning: "samples" },
  { name: "total_ns", type: "BIGINT", unit: "ns", meaning: "sum of them" },
  { name: "avg_ns", type: "DOUBLE", unit: "ns", meaning: "mean of them" },
  ...percents.flatMap(({ percent, name }): Column[] => {
    const what = percent === 100 ? "the longest" : `percentile ${percent}`;
    return [
      {
        name: `${name}_low_ns`,
        type: "BIGINT",
        unit: "ns",
        meaning: `${what}: bound below`,
      },
      {
        name: `${name}_high_ns`,
        type: "BIGINT",
        unit: "ns",
        meaning: `${what}: bound above`,
      },
    ];
  }),
];

/** The values of these columns. */
export function boundsValues(unsorted: readonly Bucket[], total: bigint): Value[] {
  const buckets = [...unsorted].sort((a, b) => a.min - b.min);
  const count = buckets.reduce((sum, one) => sum + one.count, 0);
  const known = { min: 0, max: Number.MAX_SAFE_INTEGER };
  return [
    count,
    Number(total),
    count === 0 ? null : Number(total) / count,
    ...percents.flatMap(({ percent }) => percentileBounds(buckets, percent, known)),
  ];
}

/** The same of samples whose longest is kept. */
export function samplesBounds(samples: Samples | undefined): Value[] {
  if (samples === undefined || samples.count === 0)
    return boundsColumns.map(({ name }) => (name === "count" || name === "total_ns" ? 0 : null));
  const { count, sum, min, max, buckets } = samples;
  return [
    count,
    sum,
    sum / count,
    ...percents.flatMap(({ percent }) =>
      percent === 100 ? [max, max] : percentileBounds(buckets, percent, { min, max }),
    ),
  ];
}

/** The values of these columns for events whose time isn't known. */
export function untimedValues(count: number): Value[] {
  return boundsColumns.map((_, index) => (index === 0 ? count : null));
}
