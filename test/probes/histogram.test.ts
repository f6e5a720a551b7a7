import { expect, test } from "vitest";
import { Account } from "../../lib/probes/engine/account.js";
import { render } from "../../lib/probes/engine/render.js";
import { BpfMap, bpf, defineHistogram, field } from "../../lib/probes/index.js";
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

const maps = new Map<string, ReadonlyMap<string, unknown>>([
  [
    "@samples",
    new Map([
      ["[7,0],0,40", 3],
      ["[7,0],0,41", 1],
      ["[7,0],1,-1", 5],
      ["[8,0],1,-1", 2],
    ]),
  ],
  ["@total", new Map([["[7,0],0", 4_500]])],
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
      max_high_ns: 1_535,
    },
    { device: "8-0", interval: "unseen", count: 2, total_ns: null },
    { device: null, interval: "open", count: 2, total_ns: null, max_high_ns: null },
  ]);
});

test("what has begun and is in no row is lost", () => {
  const account = new Account(definition.books({}));
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
