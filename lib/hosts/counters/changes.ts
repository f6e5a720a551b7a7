import type { Value } from "../../tables/index.js";
import type { Counter } from "./counter.js";
import type { Read } from "./reading.js";

/** A counter at both moments. */
export interface Change {
  counter: Counter;
  before: bigint | null;
  after: bigint | null;
  /** null: unknown, for the counter came, went, or began anew. */
  change: bigint | null;
  perSecond: number | null;
}

/** What became of each counter; of namespaces, devices and disciplines that came or went too. */
export function changesOf(
  before: ReadonlyMap<string | null, Read>,
  after: ReadonlyMap<string | null, Read>,
): Change[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((netns) => {
    const [first, last] = [before.get(netns), after.get(netns)];
    const seconds = first?.at == null || last?.at == null ? null : last.at - first.at;
    const counters = byKey(first?.counters ?? []);
    const later = byKey(last?.counters ?? []);
    return [...new Set([...counters.keys(), ...later.keys()])].map((key) => {
      const [one, other] = [counters.get(key), later.get(key)];
      const change = one === undefined || other === undefined ? null : difference(one, other.value);
      return {
        counter: (other ?? one) as Counter,
        before: one?.value ?? null,
        after: other?.value ?? null,
        change,
        perSecond: change === null || seconds === null || seconds <= 0 ? null : Number(change) / seconds,
      };
    });
  });
}

function byKey(counters: readonly Counter[]): Map<string, Counter> {
  return new Map(
    counters.map((counter) => {
      const { source, subject, name, identity } = counter;
      return [JSON.stringify([source, subject, name, identity]), counter];
    }),
  );
}

const wrap = 2n ** 32n;

/**
 * A counter that is lower than before has passed its 32 bits where that is the nearer explanation: it was in the upper half, and went on for
 * less than half of them. Else it began anew, and what it counted meanwhile is unknown.
 */
function difference({ value, bits }: Counter, after: bigint): bigint | null {
  if (after >= value) return after - value;
  const wrapped = (((after - value) % wrap) + wrap) % wrap;
  return bits === 32 && value >= wrap / 2n && wrapped < wrap / 2n ? wrapped : null;
}

/** First losses, then what else changed, then what is unknown, then what stood still. */
function rank({ counter, change }: Change): number {
  if (change === null) return 2;
  if (change === 0n) return 3;
  return counter.loss ? 0 : 1;
}

/** In the order of the Table; within a rank the losses by their number, all else by its names. */
export function ordered(changes: readonly Change[], nameOf: (netns: string) => string): Value[][] {
  const rows = changes.map((change) => ({
    rank: rank(change),
    change,
    netns: change.counter.netns === null ? null : nameOf(change.counter.netns),
  }));
  const place = ({ rank, change: { counter }, netns }: (typeof rows)[number]) =>
    [rank, counter.source, netns ?? "", counter.subject ?? "", counter.name].join("\u0000");
  const count = ({ rank, change }: (typeof rows)[number]) => (rank === 0 ? (change.change ?? 0n) : 0n);
  return rows
    .map((row) => ({ ...row, place: place(row), count: count(row) }))
    .sort((a, b) => a.rank - b.rank || compared(b.count, a.count) || compared(a.place, b.place))
    .map(({ netns, change: { counter, before, after, change, perSecond } }) => [
      ...[counter.source, netns, counter.subject, counter.name, counter.unit, counter.loss],
      ...[change, perSecond, before, after],
    ]);
}

function compared<Key extends bigint | string>(a: Key, b: Key): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
