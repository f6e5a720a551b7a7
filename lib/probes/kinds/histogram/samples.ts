import type { Column, Value } from "../../../tables/index.js";
import { countOf } from "../../engine/records.js";
import type { Maps } from "../../field.js";
import { type Bpf, type BpfValue, bpf, joined } from "../../text/bpf.js";
import { BpfMap } from "../../text/maps.js";

/** Samples between two bounds, both of them possible. */
export interface Bucket {
  min: number;
  max: number;
  count: number;
}

/** What is known of the samples of one key. */
export interface Samples {
  count: number;
  /** 0 where it isn't kept. */
  min: number;
  max: number;
  sum: number;
  buckets: readonly Bucket[];
}

const percents = [50, 90, 99] as const;

/**
 * A distribution that is kept in the kernel: minimum, maximum, sum, and counts in buckets of a quarter of an octave, so that the bounds of a
 * percentile are at most 25 % apart.
 */
export class Histogram {
  private readonly minimum: BpfMap | null;
  private readonly maximum: BpfMap;
  private readonly total: BpfMap;
  private readonly buckets: BpfMap;

  /**
   * @param name of its maps, without the `@`.
   * @param options.minimum whether the shortest is kept, which every sample costs an update; default true.
   */
  constructor(name: string, { minimum = true }: { minimum?: boolean } = {}) {
    this.minimum = minimum ? new BpfMap(`${name}_min`, true) : null;
    this.maximum = new BpfMap(`${name}_max`, true);
    this.total = new BpfMap(`${name}_sum`, true);
    this.buckets = new BpfMap(`${name}_bucket`, true);
  }

  /** The map whose values add up to how many samples were taken. */
  get countMap(): string {
    return this.buckets.name;
  }

  /** Statements that take a sample, behind {@link bucketOf} for the same variable. */
  take(value: Bpf, ...key: readonly BpfValue[]): Bpf {
    const least = this.minimum === null ? bpf`` : bpf`${this.minimum.at(...key)} = min(${value}); `;
    return bpf`${least}${this.maximum.at(...key)} = max(${value});
  ${this.total.at(...key)} = sum(${value}); ${this.buckets.at(...key, bpf`$bucket`)} = count();`;
  }

  /** What was taken, by the words of the key joined by commas; the empty text without a key. */
  read(maps: Maps): Map<string, Samples> {
    const all = new Map<string, Bucket[]>();
    for (const [words, count] of maps.get(this.buckets.name) ?? []) {
      const comma = words.lastIndexOf(",");
      const key = comma < 0 ? "" : words.slice(0, comma);
      const found = all.get(key) ?? [];
      found.push({ ...boundsOf(Number(words.slice(comma + 1))), count: countOf(count) });
      all.set(key, found);
    }
    const value = (map: BpfMap | null, key: string) =>
      map === null ? 0 : Number(maps.get(map.name)?.get(key) ?? 0);
    return new Map(
      [...all].map(([key, buckets]) => [
        key,
        {
          count: buckets.reduce((sum, { count }) => sum + count, 0),
          min: value(this.minimum, key),
          max: value(this.maximum, key),
          sum: value(this.total, key),
          buckets: buckets.sort((a, b) => a.min - b.min),
        },
      ]),
    );
  }
}

/** The samples of several keys taken together; undefined where there are none. */
export function samplesOf(several: readonly Samples[]): Samples | undefined {
  const [first, ...others] = several;
  if (first === undefined || others.length === 0) return first;
  const buckets = new Map<number, Bucket>();
  for (const bucket of several.flatMap((one) => one.buckets)) {
    const count = (buckets.get(bucket.min)?.count ?? 0) + bucket.count;
    buckets.set(bucket.min, { ...bucket, count });
  }
  return {
    count: several.reduce((all, { count }) => all + count, 0),
    min: Math.min(...several.map(({ min }) => min)),
    max: Math.max(...several.map(({ max }) => max)),
    sum: several.reduce((all, { sum }) => all + sum, 0),
    buckets: [...buckets.values()].sort((a, b) => a.min - b.min),
  };
}

/** Statements that set `$bucket` for a variable: four times the place of its highest bit, and the two bits behind that. */
export function bucketOf(value: Bpf): Bpf {
  const halvings = [32, 16, 8, 4, 2].map(
    (bits) => bpf`if ($v >> ${bits} > 0) { $v = $v >> ${bits}; $top = $top + ${bits}; }`,
  );
  return bpf`$v = ${value}; $top = 0;
  ${joined(halvings, " ")} if ($v >> 1 > 0) { $top = $top + 1; }
  $bucket = $top * 4 + ((${value} << 2 >> $top) & 3);`;
}

/** The smallest and the largest whole number of a bucket. */
export function boundsOf(bucket: number): { min: number; max: number } {
  const [top, quarter] = [bucket >> 2, bucket & 3];
  if (top === 0) return { min: 0, max: 1 };
  const scale = 2 ** top / 4;
  return { min: Math.ceil((4 + quarter) * scale), max: Math.ceil((5 + quarter) * scale) - 1 };
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
  // In whole numbers: of 1000 samples 99.9 / 100 would make rank 999.0000000000001.
  const rank = Math.max(1, Math.ceil((Math.round(percent * 1000) * total) / 100_000));
  let passed = 0;
  for (const { min, max, count } of buckets) {
    passed += count;
    if (count > 0 && passed >= rank) return [Math.max(min, known.min), Math.min(max, known.max)];
  }
  return [null, null];
}

/** Columns of a distribution, and their values. */
export const sampleColumns: readonly Column[] = [
  nanoseconds("min_ns", "shortest"),
  nanoseconds("avg_ns", "mean of the measured", "DOUBLE"),
  nanoseconds("max_ns", "longest"),
  ...percents.flatMap((percent) => [
    nanoseconds(
      `p${percent}_low_ns`,
      `${percent} % of the measured took at most this or somewhat more: the bound below`,
    ),
    nanoseconds(`p${percent}_high_ns`, `${percent} % of the measured took at most this: the bound above`),
  ]),
];

export function sampleValues(samples: Samples | undefined): Value[] {
  if (samples === undefined || samples.count === 0) return sampleColumns.map(() => null);
  const { min, max, sum, count, buckets } = samples;
  return [
    min,
    sum / count,
    max,
    ...percents.flatMap((percent) => percentileBounds(buckets, percent, { min, max })),
  ];
}

function nanoseconds(name: string, meaning: string, type: "BIGINT" | "DOUBLE" = "BIGINT"): Column {
  return { name, type, unit: "ns", meaning };
}
