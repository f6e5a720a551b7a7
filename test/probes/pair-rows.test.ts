import { describe, expect, test } from "vitest";
import { flowColumns } from "../../lib/probes/kinds/stages/flows.js";
import { pairColumns, pairRows } from "../../lib/probes/kinds/stages/pair-rows.js";
import type { Column, Value } from "../../lib/tables/index.js";

const maps = (all: { [name: string]: { [key: string]: unknown } }) =>
  new Map(Object.entries(all).map(([name, entries]) => [name, new Map(Object.entries(entries))]));
const stages = ["in", "asked", "answered", "out"];
const second = 1_000_000_000;

type MapsOf = { [name: string]: { [key: string]: unknown } };
const samples = (count: number) => ({
  ...{ count, shortest: [0, 1_100] as const, longest: [1_150, 1_200] as const, sum: 1_100 * count },
  buckets: [{ min: 1_024, max: 1_279, count }],
});
const whole = 1_023;
const left = (all: MapsOf) => ({
  ...{ maps: maps(all), stages, upcall: 1, ended: BigInt(100 * second), timeoutNs: second },
});

function rows(all: MapsOf) {
  const taken = new Map([
    [(0 << 5) | 3, samples(4)],
    [(0 << 5) | 1, samples(1)],
    [whole, samples(4)],
  ]);
  return pairRows({ ...left(all), samples: taken, flows: null }).map(named(pairColumns));
}

const named = (columns: readonly Column[]) => (row: Value[]) =>
  Object.fromEntries(columns.map(({ name }, index) => [name, row[index]]));

describe("rows of pairs of stages", () => {
  test("begin with the total and its books, then pairs in the order of their stages", () => {
    const all = rows({ "@n_started": { "": 5 }, "@n_merged": { "": 2 }, "@n_late": { 0: 1 } });
    expect(all.map(({ pair }) => pair)).toEqual(["total", "in → asked", "in → out", "in →"]);
    expect(all[0]).toMatchObject({ count: 4, started: 5, completed: 4, lost: 1, merged: 2, unexpected: 0 });
    expect(all[0]).toMatchObject({
      p50_low_ns: 1_024,
      p50_high_ns: 1_200,
      max_low_ns: 1_150,
      max_high_ns: 1_200,
      total_ns: 4_400,
    });
    expect(all[1]).toMatchObject({ from_stage: "in", to_stage: "asked", count: 1, started: null });
    expect(all[3]).toMatchObject({ from_stage: "in", to_stage: null, count: null, lost: 1, completed: null });
  });

  test("what is on its way at the end is lost where it is old, at its last stage; flags are none of it", () => {
    const all = rows({
      "@on": {
        1: [100 * second - 5, 0, 1, 7, 7, 7],
        2: [98 * second, 0 | 64, 1, 8, 8, 8],
        3: [98 * second, 2 | 32, 1, 9, 9, 9],
      },
    });
    expect(all.find(({ pair }) => pair === "in →")).toMatchObject({ lost: 1, unfinished: 1 });
    expect(all.find(({ pair }) => pair === "answered →")).toMatchObject({ lost: 1, unfinished: 0 });
    expect(all[0]).toMatchObject({ lost: 2, unfinished: 1 });
  });

  test("what waits for user space counts once, whether its memory is its own still or not", () => {
    const all = rows({
      "@on": { 1: [98 * second, 1 | 32, 1, 7, 8, 9], 2: [100 * second, 0, 1, 4, 4, 4] },
      "@up": { "7,8,9": [1, 1, 98 * second], "5,5,5": [2, 1, 98 * second] },
    });
    expect(all.find(({ pair }) => pair === "asked →")).toMatchObject({ lost: 2, unfinished: 0 });
    expect(all[0]).toMatchObject({ lost: 2, unfinished: 1 });
  });

  test("what ended at a stage is there once for each way to end", () => {
    const all = rows({
      "@n_strayed": { 2: 3 },
      "@n_cut": { 2: 4, 0: 1 },
      "@n_negative": { "": 2 },
      "@n_backward": { "": 1 },
    });
    expect(all[0]).toMatchObject({ strayed: 3, cut: 5, negative: 3, completed: 5 });
    expect(all.find(({ pair }) => pair === "answered →")).toMatchObject({ strayed: 3, cut: 4, lost: 0 });
  });

  test("are there for each flow, with all numbers that it was given, behind those of all packets", () => {
    const flow = (port: number, ...numbers: number[]) => ({
      values: [4, "192.0.2.1", 1, "192.0.2.2", port, "UDP"],
      numbers: new Set(numbers),
    });
    const rest = (number: number, last: number) => [98 * second, (number << 8) | 32 | last, 1, number, 8, 8];
    const all = pairRows({
      ...left({
        "@n_started": { 1: 1, 257: 4, 2: 9, 0: 3 },
        "@n_completed": { 257: 4, 2: 6, 0: 2 },
        "@n_late": { "2,0": 1 },
        "@n_cut": { "0,2": 1 },
        "@on": { 1: rest(2, 2), 2: rest(1, 2) },
        "@up": { "5,5,5": [2, 1, 98 * second, 0, 2] },
        "@n_merged": { "": 2 },
      }),
      samples: new Map([
        [1 * 1_024 + 3, samples(1)],
        [257 * 1_024 + 3, samples(3)],
        [2 * 1_024 + 3, samples(6)],
        [257 * 1_024 + 1023, samples(4)],
        [2 * 1_024 + 1023, samples(6)],
        [0 * 1_024 + 1023, samples(2)],
      ]),
      flows: [flow(7, 1, 257), flow(9, 2)],
    }).map(named([...flowColumns, ...pairColumns]));
    const total = (port: number | null) =>
      all.find(({ pair, dst_port }) => pair === "total" && dst_port === port);
    expect(total(null)).toMatchObject({ count: 12, started: 17, completed: 12, lost: 4, cut: 1, merged: 2 });
    expect(total(7)).toMatchObject({ count: 4, started: 5, completed: 4, lost: 1, cut: 0, merged: null });
    expect(total(9)).toMatchObject({ count: 6, started: 9, completed: 6, lost: 3, unfinished: 0 });
    expect(all.filter(({ pair }) => pair === "in → out").map(({ count }) => count)).toEqual([10, 6, 4]);
    expect(all.map(({ dst_port, pair }) => `${dst_port} ${pair}`).slice(5)).toEqual([
      ...["9 total", "9 in → out", "9 in →", "9 asked →", "9 answered →"],
      ...["7 total", "7 in → out", "7 answered →"],
    ]);
  });
});
