import type { ProgramRecord } from "./bpftrace/records.js";
import {
  emittedMap,
  enteredMap,
  limitMaps,
  matchedMap,
  returnedMap,
  rowWord,
  suppressedMap,
} from "./bpftrace/signs-of-life.js";

const countedMaps = [matchedMap, emittedMap, suppressedMap, enteredMap, returnedMap];

/** What became of the events of one hook; null where the program ended before it could say. */
export interface HookAccount {
  hook: string;
  /** Passed the filters. */
  matched: number | null;
  /** Were printed. */
  emitted: number | null;
  /** Were not printed, since too many came in a second. */
  suppressed: number | null;
  /** Printed and not arrived, not printed since too many came, or never there, since the kernel missed the return of their call. */
  lost: number | "unknown";
}

/** Keeps the books of a run: what its program said of itself, apart from the rows. */
export class Account {
  /** `nsecs` of the program at its begin, and at the end of what it measured. */
  begin: string | null = null;
  end: string | null = null;
  /** The program's own first tick: only this proves that every hook is attached. */
  ticked = false;
  /** What bpftrace itself noticed as lost. */
  lostByBpftrace = 0;
  readonly unparsed: string[] = [];
  unparsedLines = 0;
  private over: string | null = null;
  /** In a summary, the events that its counts stand for. */
  private summed = 0;
  /** Rows that arrived, by hook. */
  private readonly arrived = new Map<string, number>();
  /** As counted in the kernel, by hook; missing when the program ended before it could say. */
  private readonly counts = new Map<string, Map<string, number>>();

  /**
   * @param countMap the map whose counts add up to all that matched, where a summary has one.
   * @param program its text: a counter that it has and that was never touched, newer bpftrace doesn't print at all.
   */
  constructor(
    private readonly countMap: string | undefined,
    private readonly program: string,
  ) {}

  /** Takes note of a record; true when it is one of the signs of life and no row. */
  note(record: ProgramRecord): boolean {
    switch (record.type) {
      case "attached":
        return true;
      case "lost":
        this.lostByBpftrace += record.events;
        return true;
      case "unparsed":
        this.unparsedLines += 1;
        if (this.unparsed.length < 5) this.unparsed.push(record.line.slice(0, 200));
        return true;
      case "line":
        return this.noteLine(record.word, record.hook, record.fields[0] ?? null);
      case "map":
        return this.noteMap(record.name, record.entries);
    }
  }

  /** Rows that arrived; in a summary, the events that its counts stand for. */
  get accounted(): number {
    return this.countMap === undefined ? total(this.arrived) : this.summed;
  }

  get matched(): number | null {
    return this.counted(matchedMap);
  }

  get emitted(): number | null {
    return this.counted(emittedMap);
  }

  get suppressed(): number | null {
    return this.counted(suppressedMap);
  }

  /** Events that the kernel counted and that are in no row. */
  get lost(): number | "unknown" {
    if (this.countMap !== undefined) return missing(this.matched, this.accounted);
    const without =
      (this.suppressed ?? 0) +
      Math.max(0, (this.counted(enteredMap) ?? 0) - (this.counted(returnedMap) ?? 0));
    return missing(this.emitted, this.accounted, without);
  }

  /** The same for each hook that printed rows. */
  get hooks(): HookAccount[] {
    const names = new Set([
      ...this.arrived.keys(),
      ...[...this.counts.values()].flatMap((map) => [...map.keys()]),
    ]);
    return [...names]
      .filter((hook) => hook !== "")
      .sort()
      .map((hook) => {
        const of = (map: string) => (this.counts.has(map) ? (this.counts.get(map)?.get(hook) ?? 0) : null);
        const [matched, emitted, suppressed] = [of(matchedMap), of(emittedMap), of(suppressedMap)];
        const unreturned = Math.max(0, (of(enteredMap) ?? 0) - (of(returnedMap) ?? 0));
        const lost = missing(emitted, this.arrived.get(hook) ?? 0, (suppressed ?? 0) + unreturned);
        return { hook, matched, emitted, suppressed, lost };
      });
  }

  /** The program matched more than it was allowed to print in all. */
  get truncated(): boolean {
    const { matched, emitted, suppressed } = this;
    return matched !== null && emitted !== null && matched > emitted + (suppressed ?? 0);
  }

  private counted(map: string): number | null {
    const counts = this.counts.get(map);
    return counts === undefined ? null : total(counts);
  }

  private noteLine(word: string, hook: string, nsecs: string | null): boolean {
    if (word === "begin") this.begin = nsecs;
    else if (word === "over") this.over = nsecs;
    else if (word === "end") this.noteEnd(nsecs);
    else if (word === "tick") this.ticked = true;
    else {
      if (word === rowWord) this.arrived.set(hook, (this.arrived.get(hook) ?? 0) + 1);
      return false;
    }
    return true;
  }

  /** The maps come behind the end. */
  private noteEnd(nsecs: string | null): void {
    // END comes when its buffers have been read, which is later than what it measured.
    this.end = this.over ?? nsecs;
    for (const map of countedMaps) if (this.program.includes(map)) this.counts.set(map, new Map());
  }

  private noteMap(name: string, entries: readonly [string, unknown][]): boolean {
    if (countedMaps.includes(name)) {
      this.counts.set(name, new Map(entries.map(([hook, count]) => [hook, Number(count)])));
    } else if (!limitMaps.includes(name)) {
      if (name === this.countMap) this.summed += entries.reduce((sum, [, count]) => sum + Number(count), 0);
      return false;
    }
    return true;
  }
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function missing(sent: number | null, arrived: number, besides = 0): number | "unknown" {
  return sent === null ? "unknown" : Math.max(0, sent - arrived) + besides;
}
