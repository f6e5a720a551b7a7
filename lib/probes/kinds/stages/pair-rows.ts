import type { Column, Value } from "../../../tables/index.js";
import type { Maps } from "../../field.js";
import { boundsColumns, type Samples, samplesBounds, samplesOf } from "../histogram/index.js";
import { type Flow, flowColumns } from "./flows.js";
import {
  counterMap,
  type Ending,
  endingMap,
  type FollowCounter,
  followed,
  isCopy,
  numberBit,
  stageBits,
  waiting,
} from "./following.js";

const packets = (name: string, meaning: string): Column => ({
  name,
  type: "BIGINT",
  unit: "packets",
  meaning,
});

const bookColumns: readonly Column[] = [
  packets("started", "followed from where they came in: each of them is in one of the six columns behind"),
  packets("completed", "seen where they go out"),
  packets(
    "lost",
    "not seen there within timeoutMs, or their memory was given to another one; or the kernel left the program out there, which a note says from Linux 6.7 on",
  ),
  packets("unfinished", "not seen there yet, and younger than timeoutMs"),
  packets("strayed", "where they go out, their memory had another packet: changed beyond knowledge, or gone"),
  packets("cut", "into segments or fragments on the way, which are other packets"),
  packets("abandoned", "followed no more: their header waited for user space more than once"),
  packets("translated", "of the completed, those whose addresses or ports had changed"),
  packets("merged", "of the started, those that stand for several segments"),
  packets("repeated", "came in once more on their way"),
  packets(
    "unexpected",
    "seen where packets go out, not followed: they came in elsewhere, or before the probe began",
  ),
  packets("unfollowed", "came in, and there was no room to follow them"),
  packets("fragments", "came in as fragments, which are not followed"),
  packets("negative", "times below zero, by clocks of two CPUs: in no sample"),
];

/** Columns of a pair of stages. */
export const pairColumns: readonly Column[] = [
  {
    name: "pair",
    type: "VARCHAR",
    meaning:
      "`total`, two stages that packets passed one after the other, or the last stage of those that did not come out",
  },
  { name: "from_stage", type: "VARCHAR", meaning: "stage where the time begins; null: of the total" },
  {
    name: "to_stage",
    type: "VARCHAR",
    meaning: "stage where it ends; null: of the total, and where none was reached",
  },
  ...boundsColumns,
  ...bookColumns,
];

/** How many pairs there can be, and bits of their numbers. */
export const pairBits = 10;
const pairs = 2 ** pairBits;
/** Stands for the pair of the whole way. */
export const wholeWay = pairs - 1;

/** What a program left. */
interface Followed {
  maps: Maps;
  stages: readonly string[];
  /** Number of the stage of upcalls. */
  upcall: number;
  /** By pair, the first stage's number times 32 and the second's, plus {@link pairs} times the number of the flow, where packets have one. */
  samples: ReadonlyMap<number, Samples>;
  /** Those that have rows of their own; null: none was asked for. */
  flows: readonly Flow[] | null;
  ended: bigint | null;
  timeoutNs: number;
}

/** What is known of some packets. */
interface Known {
  samples: ReadonlyMap<number, Samples>;
  endings: Record<Ending, ReadonlyMap<number, number>>;
  /** Those that were on their way at the end, by the stage that they were seen at last. */
  open: ReadonlyMap<number, Open>;
  counter(name: FollowCounter): number;
}

interface Open {
  lost: number;
  unfinished: number;
}

/**
 * The total with the books, the pairs in the order of their stages, and where packets were seen last that did not come out: of all packets, and
 * then of each flow, those with the most packets first. What isn't counted by flow is null there.
 */
export function pairRows(left: Followed): Value[][] {
  const { flows, stages } = left;
  const open = openOf(left);
  const all = rowsOf(knownOf(left, open, null), stages, bookColumns, flows !== null);
  if (flows === null) return all;
  const none = flowColumns.map(() => null);
  const own = flows
    .map(({ values, numbers }) => ({ values, known: knownOf(left, open, numbers) }))
    .sort((one, other) => other.known.counter("started") - one.known.counter("started"));
  return [
    ...all.map((row) => [...none, ...row]),
    ...own.flatMap(({ values, known }) =>
      rowsOf(known, stages, flowBooks, true).map((row) => [...values, ...row]),
    ),
  ];
}

/** Columns of the books that are counted by flow, too. */
const flowBooks = bookColumns.filter(({ name }) =>
  ["started", "completed", "lost", "unfinished", "strayed", "cut", "abandoned"].includes(name),
);

function rowsOf(
  { samples, endings, open, counter }: Known,
  stages: readonly string[],
  books: readonly Column[],
  countsCompleted: boolean,
): Value[][] {
  const { strayed, cut } = endings;
  const whole = samples.get(wholeWay);
  const total: { [column: string]: number } = {
    started: counter("started"),
    completed: countsCompleted ? counter("completed") : (whole?.count ?? 0) + counter("backward"),
    lost: sum([...open.values()].map(({ lost }) => lost)),
    unfinished: sum([...open.values()].map(({ unfinished }) => unfinished)),
    strayed: sum(strayed.values()),
    cut: sum(cut.values()),
    abandoned: counter("abandoned"),
    translated: counter("translated"),
    merged: counter("merged"),
    repeated: counter("repeated"),
    unexpected: counter("unexpected"),
    unfollowed: counter("unfollowed"),
    fragments: counter("fragments"),
    negative: counter("negative") + counter("backward"),
  };
  const name = (stage: number) => stages[stage] ?? `stage ${stage}`;
  const values = (of: { [column: string]: number }) =>
    bookColumns.map((column) => (books.includes(column) ? (of[column.name] ?? null) : null));
  const pairs = [...samples]
    .filter(([pair]) => pair !== wholeWay)
    .map(([pair, times]) => ({ from: pair >> 5, to: pair & 31, times }))
    .sort((one, other) => one.from - other.from || one.to - other.to);
  const gone = [...new Set([...open.keys(), ...strayed.keys(), ...cut.keys()])].sort(
    (one, other) => one - other,
  );
  return [
    ["total", null, null, ...samplesBounds(whole), ...values(total)],
    ...pairs.map(({ from, to, times }) => [
      `${name(from)} → ${name(to)}`,
      ...[name(from), name(to), ...samplesBounds(times)],
      ...values({}),
    ]),
    ...gone.map((stage) => [
      `${name(stage)} →`,
      ...[name(stage), null, ...boundsColumns.map(() => null)],
      ...values({
        lost: open.get(stage)?.lost ?? 0,
        unfinished: open.get(stage)?.unfinished ?? 0,
        strayed: strayed.get(stage) ?? 0,
        cut: cut.get(stage) ?? 0,
      }),
    ]),
  ];
}

/** What is known of the packets with these numbers; of all for null. */
function knownOf(
  { maps, samples: taken }: Followed,
  opens: readonly OpenPacket[],
  numbers: ReadonlySet<number> | null,
): Known {
  const has = (number: number) => numbers === null || numbers.has(number);
  const by = <Value>(entries: Iterable<readonly [string, Value]>, join: (values: Value[]) => Value) => {
    const all = new Map<number, Value[]>();
    for (const [key, value] of entries) {
      const words = key.split(",").map(Number);
      const [last = 0, number = 0] = words.reverse();
      if (has(number)) all.set(last, [...(all.get(last) ?? []), value]);
    }
    return new Map([...all].map(([last, values]) => [last, join(values)]));
  };
  const ending = (name: Ending) =>
    by(
      [...(maps.get(endingMap(name).name) ?? [])].map(([key, count]) => [key, Number(count)] as const),
      sum,
    );
  const endings = { late: ending("late"), strayed: ending("strayed"), cut: ending("cut") };
  const open = new Map<number, Open>();
  for (const { number, stage, old } of opens)
    if (has(number)) openAt(open, stage)[old ? "lost" : "unfinished"] += 1;
  for (const [stage, packets] of endings.late) openAt(open, stage).lost += packets;
  return {
    samples: by(
      [...taken].map(([key, one]) => [`${Math.floor(key / pairs)},${key % pairs}`, one] as const),
      (several) => samplesOf(several) as Samples,
    ),
    endings,
    open,
    counter(name) {
      const counts = [...(maps.get(counterMap(name).name) ?? [])];
      return sum(counts.filter(([key]) => has(Number(key))).map(([, count]) => Number(count)));
    },
  };
}

/** A packet that was on its way at the end. */
interface OpenPacket {
  /** Of its flow, where it has one. */
  number: number;
  stage: number;
  /** Longer than what is waited for. */
  old: boolean;
}

function openOf({ maps, upcall, ended, timeoutNs }: Followed): OpenPacket[] {
  const open: OpenPacket[] = [];
  const add = (number: number, stage: number, last: number) =>
    open.push({ number, stage, old: ended === null || Number(ended) - last > timeoutNs });
  const counted = new Set<string>();
  const all = [...(maps.get(followed.name) ?? [])].map(([, value]) => {
    const [last = 0, second = 0, first = 0, ...words] = (value as (string | number)[]).map(Number);
    const [number, stage, copy] = [second >> numberBit, second & stageBits, (second & isCopy) !== 0];
    return { last, number, stage, copy, first, words: words.slice(0, 3).join() };
  });
  // What was copied on its way got as far as its copy did.
  const furthest = new Map<number, { last: number; stage: number }>();
  for (const one of all)
    if (one.copy && one.last >= (furthest.get(one.first)?.last ?? 0)) furthest.set(one.first, one);
  for (const one of all) {
    counted.add(one.words);
    if (one.copy) continue;
    const copy = furthest.get(one.first);
    const { stage, last } = copy !== undefined && copy.last > one.last ? copy : one;
    add(one.number, stage, last);
  }
  // What waits for user space, and whose memory has another packet by now.
  for (const [words, value] of maps.get(waiting.name) ?? []) {
    const [, , last = 0, , number = 0] = (value as (string | number)[]).map(Number);
    if (!counted.has(words.split(",").map(Number).join())) add(number, upcall, last);
  }
  return open;
}

function openAt(open: Map<number, Open>, stage: number): Open {
  const found = open.get(stage) ?? { lost: 0, unfinished: 0 };
  open.set(stage, found);
  return found;
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((all, one) => all + one, 0);
}
