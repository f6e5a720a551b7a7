import type { Value } from "../../../tables/index.js";
import type { Maps } from "../../field.js";
import { type Bpf, bpf, joined } from "../../text/bpf.js";
import { BpfMap } from "../../text/maps.js";
import { bucketOf, Histogram } from "../histogram/index.js";
import { add, counted } from "./counters.js";
import { legRow } from "./row.js";

// A request and its reply, past four stages in a row. By key is known which stage is next, when the last one was, and when the
// first: as numbers of their own, since a printed one above 2^53 loses its last bits.

const open = new BpfMap("on", false, 24);

const legs = [
  { name: "request inside", begins: 0, ends: 1, times: new Histogram("leg_1") },
  { name: "outside", begins: 1, ends: 2, times: new Histogram("leg_2") },
  { name: "reply inside", begins: 2, ends: 3, times: new Histogram("leg_3") },
  { name: "total", begins: 0, ends: 3, times: new Histogram("leg_4") },
] as const;

/** A request or reply is seen at a stage; `$now` is when. */
export function steps(stage: 0 | 1 | 2 | 3, key: readonly Bpf[], timeoutMs: number): Bpf {
  const on = open.at(...key);
  return stage === 0 ? asked(on, timeoutMs) : answered(stage, on);
}

function asked(on: Bpf, timeoutMs: number): Bpf {
  const late = [1, 2, 3].map((stage) => bpf`if ($next == ${stage}) { ${add("late", stage)} }`);
  return bpf`${add("seen", 0)}
  $on = ${on}; $next = $on.0;
  if ($next > 0 && $now - $on.1 > ${timeoutMs * 1_000_000}) { ${joined(late, " ")} $next = 0; }
  if ($next > 0) { ${add("repeated", 0)} return; }
  ${on} = ((uint64)1, $now, $now);
  $on = ${on};
  if ($on.0 == 0) { ${add("unfollowed", 0)} }`;
}

function answered(stage: 1 | 2 | 3, on: Bpf): Bpf {
  const leg = legs[stage - 1] as (typeof legs)[number];
  const [, , , whole] = legs;
  const ns = bpf`$ns`;
  const last = bpf`delete(${on}); $ns = $now - $on.2; ${bucketOf(ns)} ${whole.times.take(ns)}`;
  return bpf`$on = ${on};
  if ($on.0 != ${stage} || $now < $on.1) { ${add("unexpected", stage)} return; }
  $ns = $now - $on.1;
  ${bucketOf(ns)}
  ${leg.times.take(ns)}
  ${stage === 3 ? last : bpf`${on} = ((uint64)${stage + 1}, $now, $on.2);`}`;
}

/** The rows of the legs of an exchange: an open one that has been seen n times was lost before its n-th sighting behind the first. */
export function exchangeRows(maps: Maps, ended: bigint | null, timeoutNs: bigint): Value[][] {
  const waiting = [...(maps.get(open.name) ?? [])].map(([, value]) => {
    const [next = 0, last = 0] = value as (string | number)[];
    return { next: Number(next), old: ended === null || ended - BigInt(last) > timeoutNs };
  });
  const samples = legs.map(({ times }) => times.read(maps).get(0));
  const completedAt = (stage: number) => samples[stage - 1]?.count ?? 0;
  const out = (stage: number) => completedAt(stage) + counted(maps, "unexpected", stage);
  return legs.map(({ name, begins, ends }, index) => {
    const between = [1, 2, 3].filter((stage) => stage > begins && stage <= ends);
    const here = waiting.filter(({ next }) => between.includes(next));
    const late = between.reduce((sum, stage) => sum + counted(maps, "late", stage), 0);
    return legRow({
      name,
      in: begins === 0 ? counted(maps, "seen", 0) : out(begins),
      out: out(ends),
      completed: completedAt(ends),
      lost: here.filter(({ old }) => old).length + late,
      unfinished: here.filter(({ old }) => !old).length,
      samples: samples[index],
      repeated: begins === 0 ? counted(maps, "repeated", 0) : 0,
      unexpected: counted(maps, "unexpected", ends),
      unfollowed: begins === 0 ? counted(maps, "unfollowed", 0) : 0,
      merged: 0,
    });
  });
}
