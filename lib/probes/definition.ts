import type { z } from "zod";
import type { Column, Value } from "../tables/index.js";
import type { Fragment } from "./bpftrace/program.js";
import type { ProgramRecord } from "./bpftrace/records.js";
import type { Hooks } from "./hooks.js";
import type { Target } from "./target.js";

/** What a decoder may lean on besides the record itself. */
export interface DecodeContext<Parameters> {
  target: Target;
  parameters: Parameters;
  /** Turns the program's `nsecs` into nanoseconds since 1970 by the host's own clock; null where its clocks could not be read. */
  unixTime(nsecs: string): bigint | null;
}

/** What is known when a program has ended. */
export interface EndContext<Parameters> extends DecodeContext<Parameters> {
  /** The program's `nsecs` at its end; null where it ended before it could say. */
  ended: bigint | null;
}

/** The maps that a program left when it ended: key words (none for a map without keys) to value, by the map's name. */
export type Maps = ReadonlyMap<string, ReadonlyMap<string, unknown>>;

/**
 * A probe: what it attaches to, what it can be asked, what it answers, its program and its decoder. `shape` says what a call
 * returns: a `table` for events, of any number; a `frame` for a summary that the kernel counted.
 */
export interface ProbeDefinition<Schema extends z.ZodType, Shape extends "table" | "frame"> {
  /** The function's name: `dropEvents`. */
  name: string;
  shape: Shape;
  /**
   * What the decoder makes of the program's words; goes up when old recordings can't be read any more. Without one, as for a probe
   * that is still being written, a recording answers only the very program that made it.
   */
  revision?: number;
  /** What it measures, one sentence. */
  measures: string;
  /** Its parameters, apart from `seconds`. */
  parameters: Schema;
  hooks: Hooks;
  /** Kernel structs that the program is written by: which fields they have is asked of the host. Default none. */
  structs?(parameters: z.output<Schema>): readonly string[];
  columns: readonly Column[] | ((parameters: z.output<Schema>) => readonly Column[]);
  /** For events: what a busy host has of them, at most; default `packets`. */
  upTo?: "packets" | "drops";
  /** For events: the probe that counts the same in the kernel, which a busy host is asked first. */
  summary?: string;
  /** For a summary: the map whose counts add up to `@matched`; what they fall short of it is lost. */
  countMap?: `@${string}`;
  /** Keys that each map of the program may have; default 65,536. The kernel sets memory aside for all of them, on every CPU where it counts. */
  mapKeys?: number;
  /** The clauses of the bpftrace program, without BEGIN and END, which are the engine's; parameters get in as fragments only. Rows are printed by `emitRow()`. */
  program(parameters: z.output<Schema>, target: Target): Fragment;
  /** Makes the rows that one record of the program stands for. */
  decode(record: ProgramRecord, context: DecodeContext<z.output<Schema>>): readonly (readonly Value[])[];
  /** For a summary whose rows are made of several maps: makes them once the program has ended and all maps are there. */
  conclude?(maps: Maps, context: EndContext<z.output<Schema>>): readonly (readonly Value[])[];
  /** What readers must know of results on this very host, one sentence each. */
  notes?(target: Target, parameters: z.output<Schema>): string[];
}

/** What a run with these parameters answers. */
export function columnsOf<Schema extends z.ZodType>(
  { columns }: Pick<ProbeDefinition<Schema, "table" | "frame">, "columns">,
  parameters: z.output<Schema>,
): readonly Column[] {
  return typeof columns === "function" ? columns(parameters) : columns;
}
