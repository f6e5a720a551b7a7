import type { Maps } from "../../lib/probes/index.js";
import type { Value } from "../../lib/tables/index.js";
import { type Bucket, bucketsOf, percentileBounds } from "./percentile.js";

/** What became of packets, as the kernel counts it by sighting; late ones were given up for newer ones of the same key. */
export const pathCounters = ["completed", "repeated", "unexpected", "unfollowed", "merged", "late"] as const;
export type PathCounter = (typeof pathCounters)[number];

/** Where a leg begins and ends, by index of its sightings; and under which number the kernel keeps its times. */
interface Leg {
  name: string;
  begins: number;
  ends: number;
  times: number;
}

const there: Leg[] = [
  { name: "there", begins: 0, ends: 1, times: 1 },
  { name: "back", begins: 2, ends: 3, times: 3 },
];
const exchange: Leg[] = [
  { name: "request inside", begins: 0, ends: 1, times: 1 },
  { name: "outside", begins: 1, ends: 2, times: 2 },
  { name: "reply inside", begins: 2, ends: 3, times: 3 },
  { name: "total", begins: 0, ends: 3, times: 4 },
];

/** The rows of packets that stand for themselves. Their way is in the third last word of the key, above the ports. */
export function packetLegs(maps: Maps, ended: bigint | null, timeoutNs: bigint): Value[][] {
  const open = left(maps, ended, timeoutNs, (key, packets) => ({
    stage: Number(BigInt(key.at(-3) as string) >> 32n) * 2 - 1,
    packets,
  }));
  return there.map((leg) => {
    const { lost, unfinished } = open(leg.ends);
    const { count } = countsOf(maps);
    const found = { lost: lost + count("late", leg.begins), unfinished };
    return row(maps, leg, balanced(maps, leg, found));
  });
}

/** What has become of the packets of a leg. */
interface Books {
  completed: number;
  lost: number;
  unfinished: number;
  unexpected: number;
}

/**
 * The books of packets, put right by what came in and went out, which the kernel counts exactly. Packets of one key that are handled by two
 * CPUs at the same instant can overwrite each other's state: then one that completed seems unexpected, or one that left seems to be there
 * still.
 */
function balanced(maps: Maps, { begins, ends }: Leg, found: { lost: number; unfinished: number }): Books {
  const { hits, count } = countsOf(maps);
  const [completed, unexpected] = [count("completed", ends), count("unexpected", ends)];
  const missing = hits(begins) - count("unfollowed", begins) - completed;
  const tooFew = missing - found.lost - found.unfinished;
  const wrongly = Math.min(Math.max(0, tooFew), unexpected);
  const gone = Math.min(Math.max(0, -tooFew), found.unfinished);
  return {
    completed: completed + wrongly,
    lost: found.lost + Math.max(0, tooFew) - wrongly - Math.max(0, -tooFew - gone),
    unfinished: found.unfinished - gone,
    unexpected: unexpected - wrongly,
  };
}

/** Reads the counters of sightings. */
function countsOf(maps: Maps) {
  return {
    hits: (stage: number) => Number(maps.get("@hits")?.get(String(stage)) ?? 0),
    count: (what: PathCounter, stage: number) =>
      Number(maps.get("@counts")?.get(`${pathCounters.indexOf(what)},${stage}`) ?? 0),
  };
}

/** The rows of exchanges: an open one that has been seen n times was lost before its n-th sighting behind the first. */
export function echoLegs(maps: Maps, ended: bigint | null, timeoutNs: bigint): Value[][] {
  const open = left(maps, ended, timeoutNs, (_, seen) => ({ stage: seen, packets: 1 }));
  return exchange.map((leg) => {
    const between = [1, 2, 3].filter((stage) => stage > leg.begins && stage <= leg.ends);
    const parts = between.map(open);
    const { count } = countsOf(maps);
    return row(maps, leg, {
      completed: count("completed", leg.ends),
      lost: sum(parts.map(({ lost }) => lost)) + sum(between.map((stage) => count("late", stage))),
      unfinished: sum(parts.map(({ unfinished }) => unfinished)),
      unexpected: count("unexpected", leg.ends),
    });
  });
}

/** What was still open at the end, by the sighting that is missing. */
function left(
  maps: Maps,
  ended: bigint | null,
  timeoutNs: bigint,
  missingOf: (key: string[], value: number) => { stage: number; packets: number },
): (stage: number) => { lost: number; unfinished: number } {
  const since = maps.get("@at");
  const all = [...(maps.get("@on") ?? [])].map(([key, value]) => {
    const at = BigInt(Number(since?.get(key) ?? 0));
    return { ...missingOf(key.split(","), Number(value)), old: ended === null || ended - at > timeoutNs };
  });
  return (stage) => {
    const here = all.filter((one) => one.stage === stage);
    const packetsThat = (old: boolean) =>
      sum(here.filter((one) => one.old === old).map((one) => one.packets));
    return { lost: packetsThat(true), unfinished: packetsThat(false) };
  };
}

function row(
  maps: Maps,
  { name, begins, ends, times }: Leg,
  { completed, lost, unfinished, unexpected }: Books,
): Value[] {
  const { hits, count } = countsOf(maps);
  const time = (map: string) => Number(maps.get(map)?.get(String(times)) ?? 0);
  const buckets: Bucket[] = bucketsOf(maps.get("@latency")?.get(String(times)));
  const measured = sum(buckets.map(({ count }) => count));
  const [min, max] = [time("@min"), time("@max")];
  const percentiles = [50, 90, 99].flatMap((percent) => percentileBounds(buckets, percent, { min, max }));
  return [
    name,
    hits(begins),
    hits(ends),
    completed,
    lost,
    unfinished,
    measured,
    ...(measured === 0 ? [null, null, null] : [min, time("@sum") / measured, max]),
    ...percentiles,
    count("repeated", begins),
    unexpected,
    count("unfollowed", begins),
    count("merged", begins),
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
