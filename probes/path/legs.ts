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
  return there.map((leg) => row(maps, leg, { ...open(leg.ends), lateAt: [leg.begins] }));
}

/** The rows of exchanges: an open one that has been seen n times was lost before its n-th sighting behind the first. */
export function echoLegs(maps: Maps, ended: bigint | null, timeoutNs: bigint): Value[][] {
  const open = left(maps, ended, timeoutNs, (_, seen) => ({ stage: seen, packets: 1 }));
  return exchange.map((leg) => {
    const between = [1, 2, 3].filter((stage) => stage > leg.begins && stage <= leg.ends);
    const parts = between.map(open);
    return row(maps, leg, {
      lost: sum(parts.map(({ lost }) => lost)),
      unfinished: sum(parts.map(({ unfinished }) => unfinished)),
      lateAt: between,
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
  open: { lost: number; unfinished: number; lateAt: number[] },
): Value[] {
  const of = (map: string, stage: number) => Number(maps.get(map)?.get(String(stage)) ?? 0);
  const count = (what: PathCounter, stage: number) =>
    Number(maps.get("@counts")?.get(`${pathCounters.indexOf(what)},${stage}`) ?? 0);
  const buckets: Bucket[] = bucketsOf(maps.get("@latency")?.get(String(times)));
  const measured = sum(buckets.map(({ count }) => count));
  const [min, max] = [of("@min", times), of("@max", times)];
  const percentiles = [50, 90, 99].flatMap((percent) => percentileBounds(buckets, percent, { min, max }));
  return [
    name,
    of("@hits", begins),
    of("@hits", ends),
    count("completed", ends),
    open.lost + sum(open.lateAt.map((stage) => count("late", stage))),
    open.unfinished,
    measured,
    ...(measured === 0 ? [null, null, null] : [min, of("@sum", times) / measured, max]),
    ...percentiles,
    count("repeated", begins),
    count("unexpected", ends),
    count("unfollowed", begins),
    count("merged", begins),
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
