import { describe, expect, test } from "vitest";
import type { Target } from "../../lib/probes/index.js";
import { boundsOf, Histogram, percentileBounds } from "../../lib/probes/kinds/histogram/index.js";
import { eachRows } from "../../lib/probes/kinds/stages/each.js";
import { exchangeRows } from "../../lib/probes/kinds/stages/exchange.js";
import { gapNotes } from "../../probes/gaps/silence.js";
import { pathNotes } from "../../probes/path/notes.js";

test("a device that the host lacks is said, unless it is looked for in another namespace", () => {
  const links = JSON.stringify([{ ifname: "eth0", mtu: 1500, operstate: "UP" }]);
  const target = { host: "h1", snapshot: { netns: "4026531840", links } } as unknown as Target;
  const sides = { from: ["vnet01"], to: ["eth0"] };
  expect(pathNotes(target, sides)).toEqual([expect.stringMatching(/^h1 had no device vnet01 when/)]);
  expect(pathNotes(target, { ...sides, netns: 4_026_532_000 })).toEqual([]);
  expect(pathNotes(target, { from: ["eth0"], to: ["eth0"] })).toEqual([]);
  expect(gapNotes(target, { devices: ["eth0", "vnet01"] })).toEqual([
    expect.stringMatching(/^h1 had no device vnet01 when/),
  ]);
});

/** The bucket that a program puts a number into: four times the place of its highest bit, and the two bits behind that. */
function bucketOf(sample: number): number {
  const value = BigInt(sample);
  const top = value === 0n ? 0n : BigInt(value.toString(2).length - 1);
  return Number(top * 4n + (((value << 2n) >> top) & 3n));
}

describe("percentiles of a histogram", () => {
  const buckets = [
    { min: 0, max: 1, count: 2 },
    { min: 1024, max: 1279, count: 6 },
    { min: 4096, max: 5119, count: 2 },
  ];
  const known = { min: 0, max: 5000 };

  test("lie between the bounds of the bucket that has the sample of their rank", () => {
    expect(percentileBounds(buckets, 20, known)).toEqual([0, 1]);
    expect(percentileBounds(buckets, 50, known)).toEqual([1024, 1279]);
    expect(percentileBounds(buckets, 80, known)).toEqual([1024, 1279]);
    expect(percentileBounds(buckets, 81, known)).toEqual([4096, 5000]);
    expect(percentileBounds(buckets, 99, known)).toEqual([4096, 5000]);
  });

  test("of one sample are that sample, and of none unknown", () => {
    expect(percentileBounds([{ min: 1024, max: 1279, count: 1 }], 50, { min: 1100, max: 1100 })).toEqual([
      1100, 1100,
    ]);
    expect(percentileBounds([], 99, { min: 0, max: 0 })).toEqual([null, null]);
  });

  test("of 1000 samples, one is above percentile 99.9", () => {
    const most = [
      { min: 1024, max: 1279, count: 999 },
      { min: 4096, max: 5119, count: 1 },
    ];
    expect(percentileBounds(most, 99.9, known)).toEqual([1024, 1279]);
    expect(percentileBounds(most, 100, known)).toEqual([4096, 5000]);
  });

  test("a number lies in the bounds of its bucket, which are a quarter of an octave apart, up to 2^50", () => {
    for (let top = 0; top <= 50; top += 1) {
      for (const more of [0, 0.2, 0.25, 0.3, 0.5, 0.74, 0.75, 0.99]) {
        const sample = Math.floor(2 ** top * (1 + more));
        const { min, max } = boundsOf(bucketOf(sample));
        expect(min).toBeLessThanOrEqual(sample);
        expect(max).toBeGreaterThanOrEqual(sample);
        if (top > 2) expect(max + 1).toBeLessThanOrEqual(min * 1.25);
      }
    }
    expect(boundsOf(bucketOf(0))).toEqual({ min: 0, max: 1 });
  });

  test("contain the true percentile of any samples", () => {
    let seed = 7;
    const next = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed;
    };
    for (let round = 0; round < 50; round += 1) {
      const samples = Array.from({ length: 1 + (next() % 200) }, () => next() % 2 ** (1 + (next() % 30)));
      const sorted = samples.sort((a, b) => a - b);
      const counts = new Map<number, number>();
      for (const sample of sorted) counts.set(bucketOf(sample), (counts.get(bucketOf(sample)) ?? 0) + 1);
      const histogram = [...counts]
        .sort(([a], [b]) => a - b)
        .map(([bucket, count]) => ({ ...boundsOf(bucket), count }));
      for (const percent of [50, 90, 99]) {
        const exact = sorted[Math.ceil((percent / 100) * sorted.length) - 1] as number;
        const extremes = { min: sorted[0] as number, max: sorted.at(-1) as number };
        const [low, high] = percentileBounds(histogram, percent, extremes);
        expect(low).toBeLessThanOrEqual(exact);
        expect(high).toBeGreaterThanOrEqual(exact);
      }
    }
  });
});

describe("the shortest and the longest of a distribution that doesn't keep them", () => {
  const times = new Histogram("times", { extremes: false });
  const read = (...samples: readonly number[]) => {
    const kept = new Map<string, { count: number; total: number }>();
    for (const sample of samples) {
      const { count, total } = kept.get(`${bucketOf(sample)}`) ?? { count: 0, total: 0 };
      kept.set(`${bucketOf(sample)}`, { count: count + 1, total: total + sample });
    }
    return times.read(new Map([["@times_bucket", kept]])).get(0);
  };

  test("are known where they are alone in their buckets, or all there are the same", () => {
    expect(read(1_000, 1_100, 5_001)).toMatchObject({ shortest: [1_000, 1_000], longest: [5_001, 5_001] });
    expect(read(1_279, 1_279)?.shortest).toEqual([1_279, 1_279]);
    expect(read(1_024, 1_024)?.longest).toEqual([1_024, 1_024]);
  });

  test("lie between their mean and what the others leave, and in the bucket", () => {
    expect(read(4_096, 4_100)).toMatchObject({ shortest: [4_096, 4_098], longest: [4_098, 4_100] });
    expect(read(5_000, 5_110, 5_119)).toMatchObject({ shortest: [4_991, 5_077], longest: [5_076, 5_119] });
  });

  test("contain the true ones of any samples", () => {
    let seed = 7;
    const next = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed;
    };
    for (let round = 0; round < 300; round++) {
      const samples = Array.from({ length: 1 + (next() % 40) }, () => next() % 2 ** (1 + (next() % 30)));
      const { shortest = [], longest = [] } = read(...samples) ?? {};
      expect(shortest[0]).toBeLessThanOrEqual(Math.min(...samples));
      expect(shortest[1]).toBeGreaterThanOrEqual(Math.min(...samples));
      expect(longest[0]).toBeLessThanOrEqual(Math.max(...samples));
      expect(longest[1]).toBeGreaterThanOrEqual(Math.max(...samples));
    }
  });

  test("of a sum above 2^53, which is rounded, the bucket's bounds stay", () => {
    const bucket = bucketOf(2 ** 52);
    const kept = new Map([[`${bucket}`, { count: 2, total: 2 ** 53 }]]);
    const { shortest, longest } = times.read(new Map([["@times_bucket", kept]])).get(0) ?? {};
    const { min, max } = boundsOf(bucket);
    expect([shortest, longest]).toEqual([
      [min, max],
      [min, max],
    ]);
  });

  test("of a sum that found no room in the map, the bucket's bounds stay", () => {
    const bucket = bucketOf(5_000);
    const kept = new Map([[`${bucket}`, { count: 2, total: 0 }]]);
    const { min, max } = boundsOf(bucket);
    expect(times.read(new Map([["@times_bucket", kept]])).get(0)).toMatchObject({
      shortest: [min, max],
      longest: [min, max],
    });
  });

  test("by the key, in front of the bucket's number", () => {
    const buckets = new Map([
      [`${(1_023 << 8) | bucketOf(9)}`, { count: 1, total: 9 }],
      [`${(34 << 8) | bucketOf(2 ** 60)}`, { count: 1, total: 2 ** 52 }],
    ]);
    const all = times.read(new Map([["@times_bucket", buckets]]));
    expect([...all.keys()]).toEqual([1_023, 34]);
    expect(all.get(34)?.buckets[0]?.min).toBe(2 ** 60);
  });
});

describe("legs", () => {
  const maps = (all: { [name: string]: { [key: string]: unknown } }) =>
    new Map(Object.entries(all).map(([name, entries]) => [name, new Map(Object.entries(entries))]));
  const counted = (all: { [name: string]: number }) =>
    Object.fromEntries(Object.entries(all).map(([name, count]) => [`@${name}`, { "": count }]));
  const measured = (name: string, count: number) => ({
    [`@${name}_bucket`]: { [bucketOf(1_000)]: { count, average: 1_000, total: 1_000 * count } },
    ...counted({ [`${name}_min`]: 1_000, [`${name}_max`]: 1_000 }),
  });
  const timeout = 1_000_000_000n;
  /** leg, in, out, completed, lost, unfinished. */
  const books = (rows: unknown[][]) => rows.map((row) => row.slice(0, 6));
  /** A key: the way stands in bits 46 and 47 of its first word, behind the identification, and bpftrace 0.17 prints that as a signed number. */
  const key = (way: number, id: number) =>
    `${BigInt.asIntN(64, (BigInt(id) << 48n) | (BigInt(way) << 46n) | 77n)},1`;
  /** When the last came in, and how many are on their way. */
  const open = (last: number, packets: number) => [last, packets * 2];

  test("what is open at the end is lost where it is old, and unfinished where it is young", () => {
    const rows = eachRows(
      maps({
        ...counted({ seen_0: 10, seen_2: 4, late_0: 1 }),
        ...measured("there", 5),
        ...measured("back", 3),
        "@on": {
          [key(1, 1)]: open(1_000_000_000, 2),
          [key(1, 0xffff)]: open(9_500_000_000, 2),
          [key(2, 0x8000)]: open(1_000_000_000, 1),
        },
      }),
      10_000_000_000n,
      timeout,
    );
    expect(books(rows)).toEqual([
      ["there", 10, 5, 5, 3, 2],
      ["back", 4, 3, 3, 1, 0],
    ]);
    expect(rows[0]?.slice(6, 10)).toEqual([5, 908, 1_000, 1_023]);
  });

  test.each([
    ["one that completed seemed unexpected", { completed: 4, unexpected: 1 }, 0, [5, 5, 5, 0, 0, 0]],
    ["one that left seemed to be there still", { completed: 5, unexpected: 0 }, 1, [5, 5, 5, 0, 0, 0]],
    ["two that got lost counted as one", { completed: 3, unexpected: 0 }, 1, [5, 3, 3, 2, 0, 0]],
    ["one had been inside before", { completed: 4, unexpected: 1 }, 1, [5, 5, 4, 1, 0, 1]],
  ])("books that CPUs raced for are put right by what came in: %s", (_, counts, on, expected) => {
    const [ins = 0] = expected;
    const [row = []] = eachRows(
      maps({
        ...counted({ seen_0: ins, unexpected_1: counts.unexpected }),
        ...measured("there", counts.completed),
        ...(on === 0 ? {} : { "@on": { [key(1, 1)]: open(1, on) } }),
      }),
      10_000_000_000n,
      timeout,
    );
    expect([...row.slice(1, 6), row.at(-3)]).toEqual(expected);
  });

  test("packets of one key are completed, and their latency isn't known", () => {
    const [row = []] = eachRows(
      maps({ ...counted({ seen_0: 6, mixed_1: 4, repeated_0: 2 }), ...measured("there", 2) }),
      10_000_000_000n,
      timeout,
    );
    expect(row.slice(0, 7)).toEqual(["there", 6, 6, 6, 0, 0, 2]);
  });

  test("an echo is lost where its next sighting is missing", () => {
    const waiting = (stage: number, last: number) => [stage, last, last];
    const rows = exchangeRows(
      maps({
        ...counted({ seen_0: 6 }),
        ...measured("leg_1", 5),
        ...measured("leg_2", 4),
        ...measured("leg_3", 2),
        ...measured("leg_4", 2),
        "@on": {
          "7,1": waiting(1, 1),
          "7,2": waiting(2, 1),
          "7,3": waiting(3, 1),
          "7,4": waiting(3, 9_900_000_000),
        },
      }),
      10_000_000_000n,
      timeout,
    );
    expect(books(rows)).toEqual([
      ["request inside", 6, 5, 5, 1, 0],
      ["outside", 5, 4, 4, 1, 0],
      ["reply inside", 4, 2, 2, 1, 1],
      ["total", 6, 2, 2, 3, 1],
    ]);
  });
});
