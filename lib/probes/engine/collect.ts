import type { z } from "zod";
import { reasonOf, SkbookError } from "../../errors/index.js";
import { type ClockReading, lines, type NetworkLoad, parseClockLines, parseLoad } from "../../hosts/index.js";
import {
  type Column,
  createFrame,
  createTable,
  type Frame,
  type Provenance,
  type Table,
  type Value,
} from "../../tables/index.js";
import type { Target } from "../target.js";
import type { Account } from "./account.js";
import type { ProbeDefinition, Shapes } from "./definition.js";
import { rowWord } from "./lifecycle.js";
import { isOverfull, type ProgramRecord, parseRecord } from "./records.js";
import { UnixTime } from "./unix-time.js";

/** What a run left: its clock, and the way to its result. */
export interface Collected {
  time: UnixTime;
  clocks: { start: ClockReading | null; end: ClockReading | null };
  /** How busy the host was before a probe of events was attached; null for a summary, and where it doesn't say. */
  load: NetworkLoad | null;
  finish(provenance: Provenance): Promise<Table | Frame>;
  /** Gives up what was collected. */
  discard(): Promise<void>;
}

/** Reads a run's bytes to the end: rows go into the result batch by batch, everything else into the books. */
export async function collect<Schema extends z.ZodType, Shape extends Shapes>(
  definition: ProbeDefinition<Schema, Shape>,
  bytes: AsyncIterable<Uint8Array>,
  given: { target: Target; parameters: z.output<Schema>; account: Account; onAttached: () => void },
): Promise<Collected> {
  const { account } = given;
  const host = given.target.host;
  const readings = new Readings();
  let time: UnixTime | undefined;
  const clock = () => {
    time ??= new UnixTime(readings.start, account.begin);
    return time;
  };
  const maps = new Map<string, ReadonlyMap<string, unknown>>();
  const bounds = new Bounds(host, definition.name, definition.maxEvents?.(given.parameters) ?? 0);
  const context = { ...given, unixTime: (nsecs: string) => clock().of(nsecs) };
  const sink = await makeSink(definition, definition.columns(given.parameters)).catch(async (error) => {
    // Whoever leaves before the end of a run's bytes ends it; unread, they would keep it going.
    for await (const _ of bytes) break;
    throw error;
  });
  const join = definition.joinLines?.() ?? ((record: ProgramRecord) => [record]);
  try {
    for await (const batch of lines(bytes, maxLineBytes, bounds.tried)) {
      for (const line of batch) bounds.checkLine(line);
      const attachedBefore = account.ticked;
      const records = batch
        .flatMap(parseRecord)
        .flatMap(join)
        .filter((record) => !readings.note(record) && !account.note(record));
      if (account.ticked && !attachedBefore) given.onAttached();
      for (const record of records) {
        if (record.type === "line" && record.word === rowWord) bounds.countRow();
        if (record.type === "map") maps.set(record.name, new Map(record.entries));
      }
      if (definition.decode !== undefined) {
        const { decode } = definition;
        sink.append(records.flatMap((record) => decode(record, context)));
      }
    }
    const ended = account.end === null ? null : BigInt(account.end);
    sink.append(definition.conclude?.(maps, { ...context, ended }) ?? []);
  } catch (error) {
    await sink.discard();
    throw unreadable(bounds.tried, error);
  }
  return {
    time: clock(),
    clocks: { start: readings.start, end: readings.end },
    load: readings.load,
    finish: (provenance) =>
      sink.finish(provenance).catch((error) => {
        throw unreadable(bounds.tried, error);
      }),
    discard: sink.discard,
  };
}

/** A map with all its keys is one line. */
const maxLineBytes = 32 * 2 ** 20;
/** Of all maps together, as text. */
const maxMapBytes = 64 * 2 ** 20;
/** Programs on several CPUs that count down at the same time print a few rows more than they were asked for. */
const spareRows = 100_000;

/** Holds what a host says to what a program could say: it isn't kept without end. */
class Bounds {
  readonly tried: string;
  private mapBytes = 0;
  private rows = 0;

  constructor(
    host: string,
    probe: string,
    private readonly maxRows: number,
  ) {
    this.tried = `read what ${probe} printed on ${host}`;
  }

  checkLine(line: string): void {
    if (/^\{"type": ?"printf"/.test(line)) return;
    this.mapBytes += line.length;
    if (this.mapBytes > maxMapBytes) throw this.tooLarge(`its maps have more than ${maxMapBytes} bytes`);
    if (isOverfull(line)) throw this.tooLarge("a map has more values than any that a program may have");
  }

  countRow(): void {
    this.rows += 1;
    if (this.rows <= this.maxRows + spareRows) return;
    throw this.tooLarge(`it printed more rows than the ${this.maxRows} that it was asked for`);
  }

  private tooLarge(failed: string): SkbookError {
    return new SkbookError({
      code: "OUTPUT_TOO_LARGE",
      tried: this.tried,
      failed,
      todo: "this is not what the program says: see what else writes to its output there, or get the recording again",
    });
  }
}

/** Words that aren't what the program prints: a number that is none. Errors from further in don't know whose words they are. */
function unreadable(tried: string, cause: unknown): SkbookError {
  if (cause instanceof SkbookError && cause.code !== "BAD_RECORDING") return cause;
  return new SkbookError({
    code: "BAD_RECORDING",
    tried,
    failed: cause instanceof SkbookError ? cause.failed : reasonOf(cause),
    todo: "measure again: the recording was made by another program, or changed",
    cause,
  });
}

/** What the command that the program runs in said of the host. */
class Readings {
  load: NetworkLoad | null = null;
  private readonly lines = { start: [] as string[], end: [] as string[] };

  note(record: ProgramRecord): boolean {
    if (record.type === "load") this.load = parseLoad(record.words);
    // No reading has more: what a host says goes on for as long as it likes.
    if (record.type === "clocks" && this.lines[record.moment].length < 64)
      this.lines[record.moment].push(record.line);
    return record.type === "load" || record.type === "clocks";
  }

  get start(): ClockReading | null {
    return parseClockLines(this.lines.start);
  }

  get end(): ClockReading | null {
    return parseClockLines(this.lines.end);
  }
}

/** Rows on their way into the result that a probe's shape asks for. */
interface Sink {
  append(rows: readonly (readonly Value[])[]): void;
  finish(provenance: Provenance): Promise<Table | Frame>;
  discard(): Promise<void>;
}

async function makeSink<Schema extends z.ZodType, Shape extends Shapes>(
  { name, shape }: ProbeDefinition<Schema, Shape>,
  columns: readonly Column[],
): Promise<Sink> {
  return shape === "table" ? createTable(name, columns) : frameSink(columns);
}

function frameSink(columns: readonly Column[]): Sink {
  const rows: (readonly Value[])[] = [];
  return {
    append: (added) => {
      for (const row of added) rows.push(row);
    },
    finish: async (provenance) => createFrame(columns, rows, provenance),
    discard: async () => {},
  };
}
