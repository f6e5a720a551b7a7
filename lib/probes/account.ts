import type { ProgramRecord } from "./bpftrace/records.js";
import { emittedMap, matchedMap, printedMap, rowWord } from "./bpftrace/signs-of-life.js";

/** Keeps the books of a run: what its program said of itself, apart from the rows. */
export class Account {
  /** `nsecs` of the program at its begin and end. */
  begin: string | null = null;
  end: string | null = null;
  /** The program's own first tick: only this proves that every hook is attached. */
  ticked = false;
  /** Rows that arrived; in a summary, the events that its counts stand for. */
  accounted = 0;
  /** As counted in the kernel; null when the program ended before it could say. */
  emitted: number | null = null;
  matched: number | null = null;
  /** What bpftrace itself noticed as lost. */
  lostByBpftrace = 0;
  readonly unparsed: string[] = [];
  unparsedLines = 0;

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
        return this.noteLine(record.word, record.fields[0] ?? null);
      case "map":
        return this.noteMap(record.name, record.entries);
    }
  }

  /** Events that the kernel counted and that are in no row. */
  get lost(): number | "unknown" {
    const sent = this.countMap === undefined ? this.emitted : this.matched;
    return sent === null ? "unknown" : Math.max(0, sent - this.accounted);
  }

  /** The program matched more than it was allowed to print. */
  get truncated(): boolean {
    return this.matched !== null && this.emitted !== null && this.matched > this.emitted;
  }

  private noteLine(word: string, nsecs: string | null): boolean {
    if (word === "begin") this.begin = nsecs;
    else if (word === "end") this.noteEnd(nsecs);
    else if (word === "tick") this.ticked = true;
    else {
      if (word === rowWord) this.accounted += 1;
      return false;
    }
    return true;
  }

  /** The maps come behind the end. */
  private noteEnd(nsecs: string | null): void {
    this.end = nsecs;
    if (this.program.includes(emittedMap)) this.emitted ??= 0;
    if (this.program.includes(matchedMap)) this.matched ??= 0;
  }

  private noteMap(name: string, entries: readonly [string, unknown][]): boolean {
    if (name === emittedMap) this.emitted = Number(entries[0]?.[1]);
    else if (name === matchedMap) this.matched = Number(entries[0]?.[1]);
    else if (name !== printedMap) {
      if (name === this.countMap)
        this.accounted += entries.reduce((sum, [, count]) => sum + Number(count), 0);
      return false;
    }
    return true;
  }
}
