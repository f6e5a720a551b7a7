import type { Value } from "../../../tables/index.js";
import type { Maps } from "../../field.js";
import { type Bpf, bpf, joined } from "../../text/bpf.js";
import { BpfMap } from "../../text/maps.js";
import { bucketOf, Histogram } from "../histogram/index.js";
import { add, counted } from "./counters.js";
import { legRow } from "./row.js";

// Packets that stand for themselves, on two ways of two stages each. By key is known when the last came in, and how many are on their way, in
// bit 0 whether there was ever more than one: those of one key can't be told apart, so that their number is exact and their latency is not known.

const onTheWay = new BpfMap("on", false, 16);

const ways = [
  { name: "there", begins: 0, ends: 1, times: new Histogram("there", { extremes: false }) },
  { name: "back", begins: 2, ends: 3, times: new Histogram("back", { extremes: false }) },
] as const;

/** Bit of the first word of a key that the number of its way stands from: the word's own bits 46 and 47 are 0. */
const wayBit = 46;
/** A key of packets on either way, with the way in its first word. */
export function onWay([first, ...others]: readonly Bpf[]): readonly Bpf[] {
  return [bpf`$way << ${wayBit} | ${first as Bpf}`, ...others];
}

function wayOf(key: string): number {
  const [first = "0"] = key.split(",");
  return Number((BigInt(first) >> BigInt(wayBit)) & 3n);
}

/** Statements for each way, by `$way`, which is 1 or 2. */
function byWay(statements: (way: (typeof ways)[number]) => Bpf): Bpf {
  return bpf`if ($way == 1) { ${statements(ways[0])} } else { ${statements(ways[1])} }`;
}

/** A packet comes in; `$now` is when. Its key is one of {@link onWay}. */
export function begins(key: readonly Bpf[], timeoutMs: number): Bpf {
  const on = onTheWay.at(...key);
  return joined(
    [
      byWay(({ begins }) => add("seen", begins)),
      bpf`$on = ${on}; $n = $on.1 >> 1;`,
      bpf`if ($n > 0 && $now - $on.0 > ${timeoutMs * 1_000_000}) { ${byWay(({ begins }) => add("late", begins, bpf`$n`))} $n = 0; }`,
      bpf`if ($n == 0) {
    ${on} = ($now, (uint64)2);
    $on = ${on};
    if ($on.1 == 0) { ${byWay(({ begins }) => add("unfollowed", begins))} }
  } else {
    ${byWay(({ begins }) => add("repeated", begins))}
    ${on} = ($now, (uint64)(($n + 1) << 1 | 1));
  }`,
    ],
    "\n  ",
  );
}

/** A packet goes out; `$now` is when. */
export function ends(key: readonly Bpf[]): Bpf {
  const on = onTheWay.at(...key);
  return bpf`$on = ${on}; $n = $on.1 >> 1;
  if ($n == 0) { ${byWay(({ ends }) => add("unexpected", ends))} return; }
  if ($n == 1) { delete(${on}); } else { ${on} = ($on.0, (uint64)($on.1 - 2)); }
  if ($on.1 != 2 || $now < $on.0) { ${byWay(({ ends }) => add("mixed", ends))} return; }
  $ns = $now - $on.0;
  ${bucketOf(bpf`$ns`)}
  ${byWay(({ times }) => times.take(bpf`$ns`))}`;
}

/** What has become of the packets of a way. */
interface Books {
  completed: number;
  lost: number;
  unfinished: number;
  unexpected: number;
}

/** The rows of both ways. */
export function eachRows(maps: Maps, ended: bigint | null, timeoutNs: bigint): Value[][] {
  return ways.map(({ name, begins, ends, times }, index) => {
    const samples = times.read(maps).get(0);
    const measured = samples?.count ?? 0;
    const count = (
      ...[counter, stage]: Parameters<typeof counted> extends [Maps, ...infer Rest] ? Rest : never
    ) => counted(maps, counter, stage);
    const open = openOf(maps, ended, timeoutNs, index + 1);
    const seen = count("seen", begins);
    const completed = measured + count("mixed", ends);
    const unexpected = count("unexpected", ends);
    const found = { ...open, lost: open.lost + count("late", begins) };
    const books = balanced(seen - count("unfollowed", begins), { ...found, completed, unexpected });
    return legRow({
      name,
      in: seen,
      out: completed + unexpected,
      ...books,
      samples,
      repeated: count("repeated", begins),
      unfollowed: count("unfollowed", begins),
      merged: count("merged", begins),
    });
  });
}

/**
 * The books of packets, put right by what came in, which the kernel counts exactly. Packets of one key that are handled by two CPUs at the same
 * instant can overwrite each other's state: then one that completed seems unexpected, or one that left seems to be there still.
 */
function balanced(followed: number, { completed, lost, unfinished, unexpected }: Books): Books {
  const missing = followed - completed;
  const tooFew = missing - lost - unfinished;
  const wrongly = Math.min(Math.max(0, tooFew), unexpected);
  const gone = Math.min(Math.max(0, -tooFew), unfinished);
  return {
    completed: completed + wrongly,
    lost: lost + Math.max(0, tooFew) - wrongly - Math.max(0, -tooFew - gone),
    unfinished: unfinished - gone,
    unexpected: unexpected - wrongly,
  };
}

/** Packets of a way that were still on it at the end. */
function openOf(
  maps: Maps,
  ended: bigint | null,
  timeoutNs: bigint,
  way: number,
): { lost: number; unfinished: number } {
  const open = { lost: 0, unfinished: 0 };
  for (const [key, value] of maps.get(onTheWay.name) ?? []) {
    if (wayOf(key) !== way) continue;
    const [last = 0, packets = 0] = value as (string | number)[];
    const old = ended === null || ended - BigInt(last) > timeoutNs;
    open[old ? "lost" : "unfinished"] += Math.floor(Number(packets) / 2);
  }
  return open;
}
