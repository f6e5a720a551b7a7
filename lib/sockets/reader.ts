import type { Value } from "../tables/index.js";
import { sampleColumns } from "./columns.js";
import { momentOf, nothingTold, type Told, tellEnd, tellFact } from "./framing.js";
import { generationOf } from "./generation.js";
import { isSocket, parseSocket, type Socket } from "./line.js";
import { endWord, factWord, fileWord, sampleWord } from "./script.js";
import { saidTime } from "./time.js";

/** What a stream of samples said beside its rows. */
export interface Heard extends Told {
  /** A sample was cut off: its rows are not there. */
  cut: boolean;
  /** Lines that are neither sockets nor known otherwise. */
  unread: number;
  /** The newest generation of counters that a socket had. */
  generation: number;
  /** Samples without a time of their own. */
  untimed: number;
  /** Sockets beyond {@link maxSockets} of their sample: they are not there. */
  beyond: number;
}

/** A sample is held until its end; no more of it than this. */
export const maxSockets = 250_000;
/** No socket has longer text, over all of its lines. */
const maxText = 64 * 2 ** 10;

/** How samples follow each other in files that don't say when. */
interface Pace {
  startNs: bigint;
  everyNs: bigint;
}

/**
 * Reads text of `ss`, line by line: framed by the sampler, or as others recorded it, where a line with a time, a line of column names, another file or a socket that
 * comes again begins a sample.
 */
export class SampleReader {
  readonly heard: Heard = {
    ...nothingTold(),
    ...{ cut: false, unread: 0, generation: 0, untimed: 0, beyond: 0 },
  };
  private generation = 0;
  private framed = false;
  private pending = "";
  private rows: Value[][] = [];
  private keys = new Set<string>();
  private current: { sample: number; timeNs: bigint | null; uptime: number | null } | null = null;
  private nextTimeNs: bigint | null = null;
  private next = 0;

  constructor(private readonly pace: Pace | null = null) {}

  /** Rows of the samples that ended with this line. */
  take(line: string): Value[][] {
    if (line.startsWith("skbook-")) return this.own(line);
    if (/^\s/.test(line) && this.pending !== "") {
      if (this.pending.length + line.length <= maxText) this.pending += `\n${line.trimEnd()}`;
      return [];
    }
    if (line.trim() === "") return [];
    if (/^(?:Netid\s+)?(?:State\s+)?Recv-Q\s/.test(line)) {
      return this.framed ? this.settle() : this.beginForeign();
    }
    const done = this.settle();
    if (this.framed && this.current === null) return done;
    if (!this.framed && !isSocket(line)) {
      const time = saidTime(line);
      if (time !== null) {
        const before = this.endForeign();
        this.nextTimeNs = time;
        return [...done, ...before];
      }
    }
    this.pending = line.trimEnd();
    return done;
  }

  /** Rows of what is left at the end. */
  end(): Value[][] {
    const done = this.settle();
    if (!this.framed) return [...done, ...this.endForeign()];
    this.heard.cut = this.current !== null;
    return [];
  }

  private own(line: string): Value[][] {
    const [word, first = "", ...rest] = line.split(" ");
    const { heard } = this;
    if (word === fileWord) return [...this.settle(), ...this.endForeign()];
    this.framed = true;
    if (word === factWord) {
      tellFact(heard, first, rest);
      this.generation = generationOf(heard.facts.kernel, heard.facts.ss);
    } else if (word === sampleWord) {
      this.current = momentOf([first, ...rest]);
      this.rows = [];
    } else if (word === endWord && this.current?.sample === Number(first)) {
      this.settle();
      const { sample, timeNs, uptime } = this.current;
      this.current = null;
      // What the sampler frames has its time.
      if (timeNs === null || uptime === null) return [];
      return tellEnd(heard, { sample, timeNs, uptime }, rest) ? this.rows : [];
    }
    return [];
  }

  /** A sample of a file that somebody else recorded. */
  private beginForeign(): Value[][] {
    const done = [...this.settle(), ...this.endForeign()];
    this.open();
    return done;
  }

  private open(): void {
    const { pace, next } = this;
    const timeNs = this.nextTimeNs ?? (pace === null ? null : pace.startNs + BigInt(next) * pace.everyNs);
    this.nextTimeNs = null;
    this.current = { sample: next, timeNs, uptime: null };
    this.next += 1;
    this.rows = [];
    this.keys = new Set();
  }

  private endForeign(): Value[][] {
    const { current, rows, heard } = this;
    this.current = null;
    if (current === null) return [];
    // Column names without a socket are a sample, too.
    heard.samples += 1;
    heard.ticks = heard.samples;
    if (current.timeNs === null) heard.untimed += 1;
    heard.firstNs ??= current.timeNs;
    heard.lastNs = current.timeNs ?? heard.lastNs;
    this.rows = [];
    return rows;
  }

  /** The socket whose lines are complete joins its sample; or, where it is in there, the next one. */
  private settle(): Value[][] {
    const text = this.pending;
    this.pending = "";
    if (text === "") return [];
    const socket = parseSocket(text, this.generation);
    if (socket === null) {
      this.heard.unread += 1;
      return [];
    }
    this.heard.generation = Math.max(this.heard.generation, socket.generation);
    let done: Value[][] = [];
    if (!this.framed) {
      if (this.keys.has(socket.key)) done = this.endForeign();
      if (this.current === null) this.open();
      if (this.keys.size < maxSockets) this.keys.add(socket.key);
    }
    this.join(socket);
    return done;
  }

  private join({ values }: Socket): void {
    if (this.current === null) return;
    if (this.rows.length >= maxSockets) {
      this.heard.beyond += 1;
      return;
    }
    const { sample, timeNs, uptime } = this.current;
    const row = [sample, timeNs, uptime === null ? null : uptime * 10_000, ...values];
    this.rows.push(row.map((value, column) => (fits(value, sampleColumns[column]?.type) ? value : null)));
  }
}

/** Whether a column can hold it; a number that none can is unknown, and costs the other columns and rows nothing. */
function fits(value: Value, type: string | undefined): boolean {
  if (typeof value === "bigint") return type === "BIGINT" && value < 2n ** 63n;
  if (typeof value !== "number" || type === "DOUBLE") return true;
  return value < (type === "INTEGER" ? 2 ** 31 : 2 ** 63);
}
