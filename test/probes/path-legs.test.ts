import { describe, expect, test } from "vitest";
import type { Target } from "../../lib/index.js";
import { echoLegs, packetLegs, pathCounters } from "../../probes/path/legs.js";
import { pathNotes } from "../../probes/path/notes.js";
import { bucketsOf, percentileBounds } from "../../probes/path/percentile.js";

test("a device that the host lacks is said, unless it is looked for in another namespace", () => {
  const links = JSON.stringify([{ ifname: "eth0", mtu: 1500, operstate: "UP" }]);
  const target = { host: "h1", snapshot: { netns: "4026531840", links } } as unknown as Target;
  const sides = { from: ["vnet01"], to: ["eth0"] };
  expect(pathNotes(target, sides)).toEqual([expect.stringMatching(/^h1 had no device vnet01 when/)]);
  expect(pathNotes(target, { ...sides, netns: 4_026_532_000 })).toEqual([]);
  expect(pathNotes(target, { from: ["eth0"], to: ["eth0"] })).toEqual([]);
});

describe("percentiles of a histogram", () => {
  // As bpftrace prints them: a sample of 0 has a bucket of its own.
  const buckets = bucketsOf([
    { min: 0, max: 0, count: 2 },
    { min: 1024, max: 2047, count: 6 },
    { min: 4096, max: 8191, count: 2 },
  ]);
  const known = { min: 0, max: 5000 };

  test("lie between the bounds of the bucket that has the sample of their rank", () => {
    expect(percentileBounds(buckets, 20, known)).toEqual([0, 0]);
    expect(percentileBounds(buckets, 50, known)).toEqual([1024, 2047]);
    expect(percentileBounds(buckets, 80, known)).toEqual([1024, 2047]);
    expect(percentileBounds(buckets, 81, known)).toEqual([4096, 5000]);
    expect(percentileBounds(buckets, 99, known)).toEqual([4096, 5000]);
  });

  test("of one sample are that sample, and of none unknown", () => {
    expect(percentileBounds([{ min: 1024, max: 2047, count: 1 }], 50, { min: 1500, max: 1500 })).toEqual([
      1500, 1500,
    ]);
    expect(percentileBounds([], 99, { min: 0, max: 0 })).toEqual([null, null]);
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
      for (const sample of sorted) {
        const bucket = sample === 0 ? -1 : Math.floor(Math.log2(sample));
        counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
      }
      const histogram = [...counts].map(([bucket, count]) => ({
        ...(bucket < 0 ? { min: 0, max: 0 } : { min: 2 ** bucket, max: 2 ** (bucket + 1) - 1 }),
        count,
      }));
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

describe("legs", () => {
  const counter = (what: (typeof pathCounters)[number], stage: number) =>
    `${pathCounters.indexOf(what)},${stage}`;
  const maps = (all: { [name: string]: { [key: string]: unknown } }) =>
    new Map(Object.entries(all).map(([name, entries]) => [name, new Map(Object.entries(entries))]));
  const timeout = 1_000_000_000n;
  /** leg, in, out, completed, lost, unfinished. */
  const books = (rows: unknown[][]) => rows.map((row) => row.slice(0, 6));
  const there = (2n ** 32n).toString();
  const back = (2n * 2n ** 32n + 5n).toString();

  test("what is open at the end is lost where it is old, and unfinished where it is young", () => {
    const rows = packetLegs(
      maps({
        "@hits": { 0: 10, 1: 5, 2: 4, 3: 3 },
        "@counts": { [counter("completed", 1)]: 5, [counter("completed", 3)]: 3, [counter("late", 0)]: 1 },
        "@on": { [`77,${there},1,1`]: 2, [`77,${there},2,1`]: 2, [`77,${back},3,1`]: 1 },
        "@at": {
          [`77,${there},1,1`]: 1_000_000_000,
          [`77,${there},2,1`]: 9_500_000_000,
          [`77,${back},3,1`]: 1_000_000_000,
        },
      }),
      10_000_000_000n,
      timeout,
    );
    expect(books(rows)).toEqual([
      ["there", 10, 5, 5, 3, 2],
      ["back", 4, 3, 3, 1, 0],
    ]);
  });

  test.each([
    ["one that completed seemed unexpected", { completed: 4, unexpected: 1 }, { on: 0 }, [5, 5, 5, 0, 0, 0]],
    [
      "one that left seemed to be there still",
      { completed: 5, unexpected: 0 },
      { on: 1 },
      [5, 5, 5, 0, 0, 0],
    ],
    ["two that got lost counted as one", { completed: 3, unexpected: 0 }, { on: 1 }, [5, 3, 3, 2, 0, 0]],
    ["one had been inside before", { completed: 4, unexpected: 1 }, { on: 1 }, [5, 5, 4, 1, 0, 1]],
  ])(
    "books that CPUs raced for are put right by what came in and went out: %s",
    (_, counts, { on }, expected) => {
      const [ins, outs] = expected as [number, number];
      const [row = []] = packetLegs(
        maps({
          "@hits": { 0: ins, 1: outs },
          "@counts": {
            [counter("completed", 1)]: counts.completed,
            [counter("unexpected", 1)]: counts.unexpected,
          },
          ...(on === 0 ? {} : { "@on": { [`77,${there},1,1`]: on }, "@at": { [`77,${there},1,1`]: 1 } }),
        }),
        10_000_000_000n,
        timeout,
      );
      expect([...row.slice(1, 6), row.at(-3)]).toEqual(expected);
    },
  );

  test("an echo is lost where its next sighting is missing", () => {
    const rows = echoLegs(
      maps({
        "@hits": { 0: 6, 1: 5, 2: 4, 3: 2 },
        "@counts": {
          [counter("completed", 1)]: 5,
          [counter("completed", 2)]: 4,
          [counter("completed", 3)]: 2,
        },
        "@on": { "7,1": 1, "7,2": 2, "7,3": 3, "7,4": 3 },
        "@at": { "7,1": 1, "7,2": 1, "7,3": 1, "7,4": 9_900_000_000 },
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
