import type { z } from "zod";
import { reasonOf, SkbookError } from "../../errors/index.js";
import { type ClockReading, type NetworkLoad, parseClockLines, parseLoad } from "../../hosts/index.js";
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
import { lines, type ProgramRecord, parseRecord } from "./records.js";
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
  const readings = new Readings();
  let time: UnixTime | undefined;
  const clock = () => {
    time ??= new UnixTime(readings.start, account.begin);
    return time;
  };
  const maps = new Map<string, ReadonlyMap<string, unknown>>();
  const context = { ...given, unixTime: (nsecs: string) => clock().of(nsecs) };
  const sink = await makeSink(definition, definition.columns(given.parameters)).catch(async (error) => {
    // Whoever leaves before the end of a run's bytes ends it; unread, they would keep it going.
    for await (const _ of bytes) break;
    throw error;
  });
  try {
    for await (const batch of lines(bytes)) {
      const attachedBefore = account.ticked;
      const records = batch
        .flatMap(parseRecord)
        .filter((record) => !readings.note(record) && !account.note(record));
      if (account.ticked && !attachedBefore) given.onAttached();
      for (const record of records) {
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
    throw error instanceof SkbookError ? error : unreadable(definition.name, error);
  }
  return {
    time: clock(),
    clocks: { start: readings.start, end: readings.end },
    load: readings.load,
    finish: sink.finish,
    discard: sink.discard,
  };
}

/** Words that aren't what the program prints: a number that is none. */
function unreadable(probe: string, cause: unknown): SkbookError {
  return new SkbookError({
    code: "BAD_RECORDING",
    tried: `read what ${probe} printed`,
    failed: reasonOf(cause),
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
