import type { z } from "zod";
import type { ClockReading } from "../hosts/index.js";
import {
  type Column,
  createFrame,
  createTable,
  type Frame,
  type Provenance,
  type Table,
  type Value,
} from "../tables/index.js";
import type { Account } from "./account.js";
import { lines, parseRecord } from "./bpftrace/records.js";
import { columnsOf, type ProbeDefinition } from "./definition.js";
import type { Target } from "./target.js";
import { UnixTime } from "./unix-time.js";

/** What a run left: its clock, and the way to its result. */
export interface Collected {
  time: UnixTime;
  finish(provenance: Provenance): Promise<Table | Frame>;
  /** Gives up what was collected. */
  discard(): Promise<void>;
}

/** Reads a run's bytes to the end: rows go into the result batch by batch, everything else into the books. */
export async function collect<Schema extends z.ZodType, Shape extends "table" | "frame">(
  definition: ProbeDefinition<Schema, Shape>,
  bytes: AsyncIterable<Uint8Array>,
  given: {
    target: Target;
    parameters: z.output<Schema>;
    account: Account;
    start: ClockReading | null;
    onAttached: () => void;
  },
): Promise<Collected> {
  const { account } = given;
  let time: UnixTime | undefined;
  const clock = () => {
    time ??= new UnixTime(given.start, account.begin);
    return time;
  };
  const maps = new Map<string, ReadonlyMap<string, unknown>>();
  const context = { ...given, unixTime: (nsecs: string) => clock().of(nsecs) };
  const columns = columnsOf(definition, given.parameters);
  const sink = await makeSink(definition, columns).catch(async (error) => {
    // Whoever leaves before the end of a run's bytes ends it; unread, they would keep it going.
    for await (const _ of bytes) break;
    throw error;
  });
  try {
    for await (const batch of lines(bytes)) {
      const attachedBefore = account.ticked;
      const records = batch.flatMap(parseRecord).filter((record) => !account.note(record));
      if (account.ticked && !attachedBefore) given.onAttached();
      for (const record of records) {
        if (record.type === "map") maps.set(record.name, new Map(record.entries));
      }
      sink.append(records.flatMap((record) => definition.decode(record, context)));
    }
    const ended = account.end === null ? null : BigInt(account.end);
    sink.append(definition.conclude?.(maps, { ...context, ended }) ?? []);
  } catch (error) {
    await sink.discard();
    throw error;
  }
  return { time: clock(), finish: sink.finish, discard: sink.discard };
}

/** Rows on their way into the result that a probe's shape asks for. */
interface Sink {
  append(rows: readonly (readonly Value[])[]): void;
  finish(provenance: Provenance): Promise<Table | Frame>;
  discard(): Promise<void>;
}

async function makeSink<Schema extends z.ZodType, Shape extends "table" | "frame">(
  { name, shape }: ProbeDefinition<Schema, Shape>,
  columns: readonly Column[],
): Promise<Sink> {
  return shape === "table" ? createTable(name, columns) : frameSink(columns);
}

function frameSink(columns: readonly Column[]): Sink {
  const rows: (readonly Value[])[] = [];
  return {
    append: (added) => rows.push(...added),
    finish: async (provenance) => createFrame(columns, rows, provenance),
    discard: async () => {},
  };
}
