import { expect, test } from "vitest";
import { Account } from "../../lib/probes/engine/account.js";
import { render } from "../../lib/probes/engine/render.js";
import { BpfMap, bpf, defineHistogram, field } from "../../lib/probes/index.js";
import { samplesIn } from "../../lib/probes/kinds/histogram/samples.js";
import { keyReader } from "../../lib/probes/kinds/key.js";
import { targetOf } from "./target.js";

const hooks = { required: ["kprobe:begin", "kprobe:end"] };
const waiting = new BpfMap("waiting", false);

const { definition } = defineHistogram({
  name: "waits",
  measures: "waits",
  hooks,
  fields: [
    field({
      name: "device",
      type: "VARCHAR",
      meaning: "device",
      words: ["number", "number"],
      say: () => [bpf`1`, bpf`2`],
      pair: (at) => at.nameKey(bpf`$dev`, "net_device.name"),
      read: ([first, second]) => `${first}-${second}`,
    }),
  ],
  intervals: { waited: "from its begin to its end" },
  untimed: { unseen: "whose begin was not seen" },
  open: { map: waiting, meaning: "still there" },
  program: ({ on, begin, sample, tally }) => [
    on("kprobe:end", (at) => bpf`${sample(at, "waited", bpf`$began`, bpf`$now`)} ${tally(at, "unseen")}`),
    on("kprobe:begin", (at) => begin(at, bpf`${waiting.at(bpf`arg0`)} = nsecs;`)),
  ],
});

const plainHooks = { required: ["kprobe:end"] };

/** Without anything that is open. */
const plain = defineHistogram({
  name: "plain",
  measures: "waits",
  hooks: plainHooks,
  fields: [],
  intervals: { waited: "waited", preempted: "preempted" },
  program: ({ on, sample }) => on("kprobe:end", (at) => sample(at, bpf`$how & 1`, bpf`$began`, bpf`$now`)),
});

const maps = new Map<string, ReadonlyMap<string, unknown>>([
  [
    "@samples",
    new Map([
      ["[7,0],40", { count: 3, average: 1_066, total: 3_200 }],
      ["[7,0],41", { count: 1, average: 1_300, total: 1_300 }],
      ["[7,0],768", { count: 5, average: 0, total: 0 }],
      ["[8,0],768", { count: 2, average: 0, total: 0 }],
    ]),
  ],
  [
    "@waiting",
    new Map([
      ["1", 10],
      ["2", 20],
    ]),
  ],
]);
const context = { target: targetOf(hooks), parameters: {}, unixTime: () => null, ended: null };

test("what has no known time has a count, and nulls; what has not ended is counted together", () => {
  const columns = definition.columns({}).map(({ name }) => name);
  const rows = definition
    .conclude?.(maps, context)
    .map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]])));
  expect(rows).toMatchObject([
    {
      device: "7-0",
      interval: "unseen",
      count: 5,
      total_ns: null,
      avg_ns: null,
      p50_low_ns: null,
      max_high_ns: null,
    },
    {
      device: "7-0",
      interval: "waited",
      count: 4,
      total_ns: 4_500,
      avg_ns: 1_125,
      p50_low_ns: 1_024,
      p50_high_ns: 1_279,
      // Alone in its bucket: its sum is the sample.
      max_low_ns: 1_300,
      max_high_ns: 1_300,
    },
    { device: "8-0", interval: "unseen", count: 2, total_ns: null },
    { device: null, interval: "open", count: 2, total_ns: null, max_high_ns: null },
  ]);
});

test("a sum that the map had no room for is unknown, and its bounds are the bucket's", () => {
  const full = new Map([
    [
      "@samples",
      new Map([
        ["[7,0],40", { count: 3, average: 1_066, total: 3_200 }],
        ["[7,0],41", { count: 1, average: 0, total: 0 }],
      ]),
    ],
  ]);
  const [row] = definition.conclude?.(full, context) ?? [];
  const columns = definition.columns({}).map(({ name }) => name);
  expect(Object.fromEntries(columns.map((name, at) => [name, row?.[at]]))).toMatchObject({
    count: 4,
    total_ns: null,
    avg_ns: null,
    max_low_ns: 1_280,
    max_high_ns: 1_535,
  });
});

test("in the bucket of 0 and 1 a sum is known as long as the map has room", () => {
  const rowOf = (keys: number) => {
    const full = Array.from({ length: keys }, (_, at): [string, unknown] => [
      `[${at + 1},0],40`,
      { count: 1, average: 1_100, total: 1_100 },
    ]);
    const zeros: [string, unknown] = ["[0,0],0", { count: 5, average: 0, total: 0 }];
    const rows = definition.conclude?.(new Map([["@samples", new Map([zeros, ...full])]]), context) ?? [];
    const columns = definition.columns({}).map(({ name }) => name);
    return Object.fromEntries(columns.map((name, at) => [name, rows[0]?.[at]]));
  };
  expect(rowOf(9)).toMatchObject({ count: 5, total_ns: 0, avg_ns: 0, max_low_ns: 0, max_high_ns: 0 });
  // The target's bpftrace says no version: number and sum may be two keys.
  expect(rowOf(32_767)).toMatchObject({
    count: 5,
    total_ns: null,
    avg_ns: null,
    max_low_ns: 0,
    max_high_ns: 1,
  });
});

test("samples of two keys that stand for the same are one distribution", () => {
  const bucket = { min: 1_024, max: 1_279 };
  const two = [
    { ...bucket, count: 2, total: 2_500 },
    { ...bucket, count: 1, total: 1_024 },
  ];
  expect(samplesIn(two)).toMatchObject({
    count: 3,
    sum: 3_524,
    // Their mean is 1,174.7.
    shortest: [1_024, 1_175],
    longest: [1_174, 1_279],
    buckets: [{ ...bucket, count: 3 }],
  });
  // Together with many others, what has no sum would look as if it had one.
  const [many, one] = [
    { ...bucket, count: 1_000, total: 1_200_000 },
    { ...bucket, count: 1, total: 0 },
  ];
  for (const both of [
    [many, one],
    [one, many],
  ])
    expect(samplesIn(both)).toMatchObject({ count: 1_001, sum: null, shortest: [1_024, 1_279] });
});

test("a map without room is told, by the keys that a sample takes in that bpftrace", () => {
  const filled = (said: string) => {
    const target = targetOf(plainHooks);
    const { definition } = plain;
    const account = new Account(
      definition.books({}, { ...target, snapshot: { ...target.snapshot, "tool.bpftrace": said } }),
    );
    const entries = Array.from({ length: 40_000 }, (_, at): [string, unknown] => [
      String(at),
      { count: 1, average: 1, total: 1 },
    ]);
    account.note({ type: "map", name: "@samples", entries });
    account.noteExit();
    return account.lost;
  };
  expect(filled("bpftrace v0.17.0")).toBe("unknown");
  expect(filled("bpftrace v0.23.2")).toBe(0);
  expect(filled("bpftrace no-version")).toBe("unknown");
});

test("the number of an interval that the program decides stands in front of the bucket", () => {
  const { text } = render(
    plain.definition as never,
    {} as never,
    { seconds: 1, maxEventsPerSecond: 1 },
    targetOf(plainHooks),
  );
  expect(text).toContain("@samples[($how & 1) << 9 | $bucket] = stats($ns);");
  const many = new Map([
    ["@samples", new Map([[`${(1 << 9) | 40}`, { count: 2, average: 1_100, total: 2_200 }]])],
  ]);
  expect(plain.definition.conclude?.(many, context)[0]?.slice(0, 3)).toEqual(["preempted", 2, 2_200]);
});

test("what has begun and is in no row is lost", () => {
  const account = new Account(definition.books({}, targetOf(hooks)));
  for (const [name, entries] of maps) account.note({ type: "map", name, entries: [...entries] });
  account.note({ type: "map", name: "@matched_0", entries: [["", 20]] });
  account.noteExit();
  // 4 and 7 have ended, and 2 are open.
  expect(account.lost).toBe(7);
});

test("what begins and ends is counted until one instant, in all hooks", () => {
  const { text } = render(
    definition as never,
    {} as never,
    { seconds: 1, maxEventsPerSecond: 1 },
    targetOf(hooks),
  );
  expect(text).toContain("if ((@over == 0)) { @matched_0 = count(); @waiting[arg0] = nsecs; }");
  expect(text).toContain("@over = 1; ");
});

test("lines of a stack in a key are read as bpftrace 0.17 and 0.23 print them", () => {
  const read = keyReader(["number", "stack", "number"]);
  const stack = "\n        0x7f00\n        0x7f01\n";
  expect(read(`1,${stack},2`)).toEqual(["1", stack, "2"]);
  expect(read(`1,${stack.replaceAll("\n", "\\n")},2`)).toEqual(["1", stack, "2"]);
  expect(read("1,,2")).toEqual(["1", "", "2"]);
});
