import { type Counter, counterOf, counters } from "./counters.js";
import { rowWord } from "./lifecycle.js";
import { countOf, type ProgramRecord, statsOf } from "./records.js";

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

/** No probe has more. */
const mostHooks = 1_024;

/** How a kind of probe counts, so that what is missing is known. */
export interface Books {
  /** The probe's hooks, by the index that its counters have. */
  hooks: readonly string[];
  /** In a summary, the map whose counts add up to all that was seen; null where it has books of its own. Not there for rows. */
  countMap?: string | null;
  /** In a summary, the map with what has begun and not ended, and how many one of its values stands for. */
  open?: { map: string; count(value: unknown): number } | undefined;
  /** In a summary: whether `matched` is counted; else nothing is lost as long as the map has room. */
  matched?: boolean;
  /** Entries that its map has room for. */
  mapKeys: number;
}

/** Keeps the books of a run: what its program said of itself, apart from the rows. */
export class Account {
  /** `nsecs` of the program at its begin, and at the end of what it measured. */
  begin: string | null = null;
  end: string | null = null;
  /** `nsecs` of the program's own first tick: tracepoints are attached by then. */
  firstTick: string | null = null;
  /** A tick has come in: only this proves that every hook is attached. */
  ticked = false;
  /** What bpftrace itself noticed as lost. */
  lostByBpftrace = 0;
  readonly unparsed: string[] = [];
  unparsedLines = 0;
  /** In a summary, the events that its counts stand for, and how many of them there are. */
  private summed = 0;
  private entries = 0;
  /** Whether the program said its end, behind which maps come, or maps came without that. */
  counted = false;
  private printed = false;
  /** Rows that arrived, by hook. */
  private readonly arrived = new Map<number, number>();
  private readonly counts = new Map<Counter, Map<number, number>>(counters.map((one) => [one, new Map()]));

  constructor(private readonly books: Books) {}

  /** Takes note of a record; true when it is one of the signs of life and no row. */
  note(record: ProgramRecord): boolean {
    switch (record.type) {
      case "attached":
      case "clocks":
      case "load":
        return true;
      case "lost":
        this.lostByBpftrace += record.events;
        return true;
      case "unparsed":
        return this.noteUnparsed(record.line);
      case "line":
        return this.noteLine(record.word, record.hook, record.fields[0] ?? null);
      case "map":
        return this.noteMap(record.name, record.entries);
    }
  }

  /** Rows that arrived; in a summary, the events that its counts stand for. */
  get accounted(): number {
    return this.books.countMap === undefined ? sum(this.arrived.values()) : this.summed;
  }

  get matched(): number | null {
    if (this.books.countMap === null) return null;
    if (this.books.countMap === undefined) return this.total("emitted", "suppressed", "beyond");
    return this.books.matched ? this.total("matched") : this.counted ? this.summed : null;
  }

  get emitted(): number | null {
    return this.books.countMap === undefined ? this.total("emitted") : null;
  }

  get suppressed(): number | null {
    return this.books.countMap === undefined ? this.total("suppressed") : null;
  }

  /** Events that the kernel counted and that are in no row. */
  get lost(): number | "unknown" {
    const { countMap, matched, mapKeys } = this.books;
    if (!this.counted) return "unknown";
    if (countMap === undefined) return sum(this.hooks.map(({ lost }) => Number(lost)));
    if (matched) return Math.max(0, (this.total("matched") ?? 0) - this.summed);
    return this.entries < mapKeys ? (this.total("negative") ?? 0) : "unknown";
  }

  /** The same for each hook that printed rows. */
  get hooks(): HookAccount[] {
    const indices = new Set([
      ...this.arrived.keys(),
      ...[...this.counts.values()].flatMap((one) => [...one.keys()]),
    ]);
    if (this.books.countMap !== undefined) return [];
    return [...indices].sort((a, b) => a - b).map((index) => this.ofHook(index));
  }

  /** The program matched more than it was allowed to print in all. */
  get truncated(): boolean {
    return (this.total("beyond") ?? 0) > 0;
  }

  private ofHook(index: number): HookAccount {
    const hook = this.books.hooks[index] ?? "";
    if (!this.counted) return { hook, matched: null, emitted: null, suppressed: null, lost: "unknown" };
    const of = (counter: Counter) => this.counts.get(counter)?.get(index) ?? 0;
    const [emitted, suppressed] = [of("emitted"), of("suppressed")];
    const notArrived = Math.max(0, emitted - (this.arrived.get(index) ?? 0));
    const unreturned = Math.max(0, of("entered") - of("returned"));
    return {
      hook,
      matched: emitted + suppressed + of("beyond"),
      emitted,
      suppressed,
      lost: notArrived + suppressed + unreturned,
    };
  }

  private total(...which: Counter[]): number | null {
    if (!this.counted) return null;
    return sum(which.flatMap((one) => [...(this.counts.get(one)?.values() ?? [])]));
  }

  private noteUnparsed(line: string): true {
    this.unparsedLines += 1;
    // A copy: a part of a text keeps all of it in memory.
    if (this.unparsed.length < 5) this.unparsed.push(Buffer.from(line.slice(0, 200)).toString());
    return true;
  }

  private noteLine(word: string, hook: number, nsecs: string | null): boolean {
    const isSign = ["begin", "over", "end", "tick"].includes(word);
    if (isSign && (nsecs === null || !/^\d{1,19}$/.test(nsecs))) return this.noteUnparsed(`${word} ${nsecs}`);
    if (word === rowWord && !(hook >= 0 && hook < mostHooks)) return this.noteUnparsed(`${word}:${hook}`);
    if (word === "begin") this.begin = nsecs;
    else if (word === "over") this.end = nsecs;
    else if (word === "end") this.noteEnd(nsecs);
    else if (word === "tick") {
      this.ticked = true;
      this.firstTick ??= nsecs;
    } else {
      if (word === rowWord) this.arrived.set(hook, (this.arrived.get(hook) ?? 0) + 1);
      return false;
    }
    return true;
  }

  /** The maps come behind the end; a counter that was never touched, newer bpftrace doesn't print at all. */
  private noteEnd(nsecs: string | null): void {
    // END comes when its buffers have been read, which is later than what it measured.
    this.end ??= nsecs;
    this.counted = true;
  }

  /**
   * bpftrace ended without an error. A signal that comes in its last moments, as where it takes seconds to detach on a busy host, makes it skip what the
   * program says at its end; the maps that it then prints are whole.
   */
  noteExit(): void {
    this.counted ||= this.printed;
  }

  private noteMap(name: string, entries: readonly [string, unknown][]): boolean {
    this.printed = true;
    const known = counterOf(name);
    if (known !== undefined) {
      if (known.hook >= mostHooks) return this.noteUnparsed(name);
      this.counts.get(known.counter)?.set(known.hook, countOf(entries[0]?.[1] ?? 0));
      return true;
    }
    const { open } = this.books;
    if (name === open?.map) this.summed += sum(entries.map(([, value]) => open.count(value)));
    if (name !== this.books.countMap) return false;
    this.summed += sum(
      entries.map(([, value]) => (typeof value === "number" ? countOf(value) : statsOf(value).count)),
    );
    this.entries += entries.length;
    return false;
  }
}

function sum(numbers: Iterable<number>): number {
  let all = 0;
  for (const one of numbers) all += one;
  return all;
}
