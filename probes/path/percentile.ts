import { z } from "zod";

/** Samples between two bounds, both of them possible. */
export interface Bucket {
  min: number;
  max: number;
  count: number;
}

const Buckets = z.array(
  z.object({ min: z.number().optional(), max: z.number().optional(), count: z.number() }),
);

/** The buckets of a histogram as bpftrace prints it: the lowest may have no bound below, the highest none above. */
export function bucketsOf(value: unknown): Bucket[] {
  const { data = [] } = Buckets.safeParse(value);
  return data.map(({ min = 0, max = Number.POSITIVE_INFINITY, count }) => ({ min, max, count }));
}

/**
 * Between which bounds a percentile lies: those of the bucket with the sample of that rank (nearest rank: the smallest value that at least
 * `percent` % don't exceed), narrowed by what is known of all samples. Nulls where there are none.
 */
export function percentileBounds(
  buckets: readonly Bucket[],
  percent: number,
  known: { min: number; max: number },
): [low: number | null, high: number | null] {
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  const rank = Math.max(1, Math.ceil((percent / 100) * total));
  let passed = 0;
  for (const { min, max, count } of buckets) {
    passed += count;
    if (count > 0 && passed >= rank) return [Math.max(min, known.min), Math.min(max, known.max)];
  }
  return [null, null];
}
