import type { Column, Value } from "../../../tables/index.js";
import type { Maps } from "../../field.js";
import { boundsColumns, type Samples, samplesBounds } from "../histogram/index.js";
import {
  counterMap,
  type Ending,
  endingMap,
  type FollowCounter,
  followed,
  isCopy,
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

/** What a program left. */
interface Followed {
  maps: Maps;
  stages: readonly string[];
  /** Number of the stage of upcalls. */
  upcall: number;
  /** By pair: the first stage's number times 32, and the second's. */
  samples: ReadonlyMap<string, Samples>;
  whole: Samples | undefined;
  ended: bigint | null;
  timeoutNs: number;
}

interface Open {
  lost: number;
  unfinished: number;
}

/** The total with the books, the pairs in the order of their stages, and where packets were seen last that did not come out. */
export function pairRows(left: Followed): Value[][] {
  const { maps, stages, samples, whole } = left;
  const counter = (name: FollowCounter) => Number(maps.get(counterMap(name).name)?.get("") ?? 0);
  const ending = (name: Ending) => byStage(maps.get(endingMap(name).name));
  const [late, strayed, cut] = [ending("late"), ending("strayed"), ending("cut")];
  const open = openOf(left);
  for (const [stage, packets] of late) openAt(open, stage).lost += packets;
  const sum = (all: ReadonlyMap<number, number>) => [...all.values()].reduce((total, one) => total + one, 0);
  const opens = [...open.values()];
  const total: { [column: string]: number } = {
    started: counter("started"),
    completed: (whole?.count ?? 0) + counter("backward"),
    lost: opens.reduce((all, { lost }) => all + lost, 0),
    unfinished: opens.reduce((all, { unfinished }) => all + unfinished, 0),
    strayed: sum(strayed),
    cut: sum(cut),
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
  const pairs = [...samples]
    .map(([pair, times]) => ({ from: Number(pair) >> 5, to: Number(pair) & 31, times }))
    .sort((one, other) => one.from - other.from || one.to - other.to);
  const gone = [...new Set([...open.keys(), ...strayed.keys(), ...cut.keys()])].sort(
    (one, other) => one - other,
  );
  return [
    ["total", null, null, ...samplesBounds(whole), ...bookColumns.map((column) => total[column.name] ?? 0)],
    ...pairs.map(({ from, to, times }) => [
      `${name(from)} → ${name(to)}`,
      ...[name(from), name(to), ...samplesBounds(times)],
      ...bookColumns.map(() => null),
    ]),
    ...gone.map((stage) => {
      const here: { [column: string]: number } = {
        lost: open.get(stage)?.lost ?? 0,
        unfinished: open.get(stage)?.unfinished ?? 0,
        strayed: strayed.get(stage) ?? 0,
        cut: cut.get(stage) ?? 0,
      };
      return [
        `${name(stage)} →`,
        ...[name(stage), null, ...boundsColumns.map(() => null)],
        ...bookColumns.map((column) => here[column.name] ?? null),
      ];
    }),
  ];
}

/** Packets that were on their way at the end, by the stage that they were seen at last. */
function openOf({ maps, upcall, ended, timeoutNs }: Followed): Map<number, Open> {
  const open = new Map<number, Open>();
  const add = (stage: number, last: number) => {
    const old = ended === null || Number(ended) - last > timeoutNs;
    openAt(open, stage)[old ? "lost" : "unfinished"] += 1;
  };
  const counted = new Set<string>();
  const all = [...(maps.get(followed.name) ?? [])].map(([, value]) => {
    const [last = 0, flags = 0, first = 0, ...words] = (value as (string | number)[]).map(Number);
    return { last, stage: flags & 31, copy: (flags & isCopy) !== 0, first, words: words.slice(0, 3).join() };
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
    add(stage, last);
  }
  // What waits for user space, and whose memory has another packet by now.
  for (const [words, value] of maps.get(waiting.name) ?? []) {
    const [, , last = 0] = value as (string | number)[];
    if (!counted.has(words.split(",").map(Number).join())) add(upcall, Number(last));
  }
  return open;
}

function openAt(open: Map<number, Open>, stage: number): Open {
  const found = open.get(stage) ?? { lost: 0, unfinished: 0 };
  open.set(stage, found);
  return found;
}

function byStage(map: ReadonlyMap<string, unknown> | undefined): Map<number, number> {
  return new Map([...(map ?? [])].map(([stage, count]) => [Number(stage), Number(count)]));
}
