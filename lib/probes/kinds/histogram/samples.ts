import type { Column, Value } from "../../../tables/index.js";
import { statsOf } from "../../engine/records.js";
import type { Maps } from "../../field.js";
import { type Bpf, bpf, joined } from "../../text/bpf.js";
import { BpfMap } from "../../text/maps.js";

/** Samples between two bounds, both of them possible. */
export interface Bucket {
  min: number;
  max: number;
  count: number;
}

/** The same with their sum, as it was read; NaN where it isn't known. */
export interface Summed extends Bucket {
  total: number;
}

/** What is known of the samples of one key. */
export interface Samples {
  count: number;
  /** Between what the shortest and the longest lie: twice the same where they are kept. */
  shortest: readonly [low: number, high: number];
  longest: readonly [low: number, high: number];
  /** Null where a part of it found no room in the map, or is above 2^63. */
  sum: number | null;
  buckets: readonly Bucket[];
}

const percents = [50, 90, 99] as const;

/** Bits of a bucket's number; those of the key stand in front of them. */
const bucketBits = 8;

/**
 * A distribution that is kept in the kernel: number and sum of the samples in buckets of a quarter of an octave, so that the bounds of a percentile
 * are at most 25 % apart; on request the shortest and the longest.
 */
export class Histogram {
  private readonly extremes: { least: BpfMap; most: BpfMap } | null;
  private readonly buckets: BpfMap;

  /**
   * @param name of its maps, without the `@`.
   * @param options.extremes whether the shortest and the longest are kept, each of which costs every sample an update; default true. Else
   * they lie between bounds, which are the same number where a sample is alone in its bucket.
   */
  constructor(name: string, { extremes = true }: { extremes?: boolean } = {}) {
    this.extremes = extremes
      ? { least: new BpfMap(`${name}_min`, true), most: new BpfMap(`${name}_max`, true) }
      : null;
    this.buckets = new BpfMap(`${name}_bucket`, true, 16);
  }

  /** The map whose values add up to how many samples were taken. */
  get countMap(): string {
    return this.buckets.name;
  }

  /**
   * Statements that take a sample, behind {@link bucketOf} for the same variable.
   *
   * @param key whose distribution it belongs to, as one number below 2^45, so that it is exact with its bucket; default the only one.
   */
  take(value: Bpf, key?: Bpf): Bpf {
    const words = key === undefined ? [] : [key];
    const kept =
      this.extremes === null
        ? bpf``
        : bpf`${this.extremes.least.at(...words)} = min(${value}); ${this.extremes.most.at(...words)} = max(${value});
  `;
    const bucket = bpf`$bucket`;
    const slot = bpf`$slot`;
    const taken =
      key === undefined
        ? this.buckets.at(bucket)
        : bpf`${slot} = ${key} << ${bucketBits} | ${bucket}; ${this.buckets.at(slot)}`;
    return bpf`${kept}${taken} = stats(${value});`;
  }

  /** What was taken, by the key; 0 without one. */
  read(maps: Maps): Map<number, Samples> {
    const all = new Map<number, Summed[]>();
    for (const [word, value] of maps.get(this.buckets.name) ?? []) {
      const number = Number(word);
      const key = Math.floor(number / 2 ** bucketBits);
      const found = all.get(key) ?? [];
      found.push({ ...boundsOf(number % 2 ** bucketBits), ...statsOf(value) });
      all.set(key, found);
    }
    return new Map(
      [...all].map(([key, buckets]) => [key, { ...samplesIn(buckets), ...this.kept(maps, key) }]),
    );
  }

  private kept(maps: Maps, key: number): Partial<Samples> {
    if (this.extremes === null) return {};
    const of = ({ name }: BpfMap): [number, number] => {
      const values = maps.get(name);
      const value = Number(values?.get(String(key)) ?? values?.get("") ?? 0);
      return [value, value];
    };
    return { shortest: of(this.extremes.least), longest: of(this.extremes.most) };
  }
}

/** What buckets with their sums say of the samples in them; there is at least one, and several may be of the same bounds. */
export function samplesIn(read: readonly Summed[]): Samples {
  const buckets = merged(read).sort((a, b) => a.min - b.min);
  return {
    count: buckets.reduce((sum, { count }) => sum + count, 0),
    shortest: shortestOf(buckets[0] as Summed),
    longest: longestOf(buckets.at(-1) as Summed),
    sum: buckets.every(isSummed) ? buckets.reduce((sum, { total }) => sum + total, 0) : null,
    buckets,
  };
}

/** Each bucket once; its sum is NaN where one of them has none. */
function merged(read: readonly Summed[]): Summed[] {
  const all = new Map<number, Summed>();
  for (const one of read) {
    const { count, total } = all.get(one.min) ?? { count: 0, total: 0 };
    const known = isSummed(one) ? one.total : Number.NaN;
    all.set(one.min, { ...one, count: count + one.count, total: total + known });
  }
  return [...all.values()];
}

/** Between what the shortest sample of a bucket lies: it is no longer than their mean, and no other one is longer than the bucket's bound. */
function shortestOf(bucket: Summed): [low: number, high: number] {
  const { min, max, count, total } = bucket;
  if (!isExact(bucket)) return [min, max];
  return [Math.max(min, total - (count - 1) * max), Math.ceil(total / count)];
}

/** The same of the longest, the other way round. */
function longestOf(bucket: Summed): [low: number, high: number] {
  const { min, max, count, total } = bucket;
  if (!isExact(bucket)) return [min, max];
  return [Math.floor(total / count), Math.min(max, total - (count - 1) * min)];
}

/** Not where the sum was rounded as it was read, or isn't there. */
function isExact(bucket: Summed): boolean {
  return Number.isSafeInteger(bucket.total) && isSummed(bucket);
}

/** Not where the map had no room for the sum, which bpftrace before 0.22 keeps in a key of its own, nor above 2^63. A sum that was rounded is taken as it is. */
function isSummed({ min, max, count, total }: Summed): boolean {
  return total > Number.MAX_SAFE_INTEGER || (total >= count * min && total <= count * max);
}

export function meanOf({ sum, count }: Samples): number | null {
  return sum === null ? null : sum / count;
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
    shortest: boundsOfAll(several, "shortest", Math.min),
    longest: boundsOfAll(several, "longest", Math.max),
    sum: several.reduce<number | null>(
      (all, { sum }) => (all === null || sum === null ? null : all + sum),
      0,
    ),
    buckets: [...buckets.values()].sort((a, b) => a.min - b.min),
  };
}

function boundsOfAll(
  several: readonly Samples[],
  which: "shortest" | "longest",
  of: (...values: number[]) => number,
): [low: number, high: number] {
  return [of(...several.map((one) => one[which][0])), of(...several.map((one) => one[which][1]))];
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
  nanoseconds("min_ns", "none took less: the shortest, or its bound below"),
  nanoseconds("avg_ns", "mean of the measured", "DOUBLE"),
  nanoseconds("max_ns", "none took longer: the longest, or its bound above"),
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
  const { shortest, longest, buckets } = samples;
  const [[min], [, max]] = [shortest, longest];
  return [
    min,
    meanOf(samples),
    max,
    ...percents.flatMap((percent) => percentileBounds(buckets, percent, { min, max })),
  ];
}

function nanoseconds(name: string, meaning: string, type: "BIGINT" | "DOUBLE" = "BIGINT"): Column {
  return { name, type, unit: "ns", meaning };
}
