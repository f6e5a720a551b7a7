import type { z } from "zod";
import type { Column, Value } from "../../tables/index.js";
import type { Field, Maps, ReadContext } from "../field.js";
import type { Hooks } from "../hooks.js";
import type { OfProcess } from "../library.js";
import type { Site } from "../site.js";
import type { Target } from "../target.js";
import type { Bpf } from "../text/bpf.js";
import type { Books } from "./account.js";
import { endHook, type RowLimits } from "./lifecycle.js";
import type { ProgramRecord } from "./records.js";

/** What a decoder may lean on besides the record itself. */
export interface DecodeContext<Parameters> extends ReadContext {
  parameters: Parameters;
}

/** What is known when a program has ended. */
export interface EndContext<Parameters> extends DecodeContext<Parameters> {
  /** The program's `nsecs` at its end; null where it ended before it could say. */
  ended: bigint | null;
}

/** What every probe says of itself, whatever its kind. */
export interface ProbeFacts {
  /** The function's name: `dropEvents`. */
  name: string;
  /**
   * What the decoder makes of the program's words; goes up when old recordings can't be read any more, or the program changes. Without one, as for a
   * probe that is still being written, a recording answers only the very program that made it.
   */
  revision?: number;
  /** What it measures, one sentence. */
  measures: string;
  hooks: Hooks;
  /** What a busy host has of its events, at most; `resent`: segments sent again, resets and connections taken, of the host's own namespace. Default `packets`. */
  upTo?: "packets" | "drops" | "resent";
  /** `kernel` where it means nothing on a host of which all bridges of Open vSwitch have their datapath in user space. */
  datapath?: "kernel";
  /** For events: the probe that counts the same in the kernel, which a busy host is asked first. */
  summary?: string;
  /** Statements that are done four times a second, behind no event. */
  eachTick?: Bpf;
  /** Modules whose own BTF is read, too: for arguments of their functions, and structs that only they have. */
  modules?: readonly string[];
  /** Keys that each map of the program may have; default 65,536. The kernel sets memory aside for all of them, on every CPU where it counts. */
  mapKeys?: number;
}

/** A probe as the engine runs it; made by one of the kinds. `shape` says what a call returns: a `table` for events, a `frame` for a summary. */
export interface ProbeDefinition<Schema extends z.ZodType = z.ZodType, Shape extends Shapes = Shapes>
  extends ProbeFacts {
  kind: "rows" | "counts" | "stages" | "histogram";
  shape: Shape;
  /** Its parameters, apart from those that every probe has. */
  parameters: Schema;
  /** The fields that its columns are made of, for a run with these parameters. */
  fields(parameters: z.output<Schema>): readonly Field[];
  columns(parameters: z.output<Schema>): readonly Column[];
  /** How losses are counted. */
  books(parameters: z.output<Schema>, target: Target): Books;
  /** For uprobes: the process in whose C library they are. */
  inProcess?(parameters: z.output<Schema>): OfProcess;
  /** The clauses of the program, without those that every program has. */
  write(parameters: z.output<Schema>, site: Site): Bpf;
  /** For events: how many rows. */
  maxEvents?(parameters: z.output<Schema>): number;
  /** Whether what is counted is counted in several hooks, so that all have to end at one instant. */
  endsAtOnce: boolean;
  /** For rows that come in several lines: makes, for one run, what is given each record and gives those that are whole. */
  joinLines?(): (record: ProgramRecord) => readonly ProgramRecord[];
  /** Makes the rows that one record of the program stands for. */
  decode?(record: ProgramRecord, context: DecodeContext<z.output<Schema>>): readonly (readonly Value[])[];
  /** Makes the rows of a summary once the program has ended and all maps are there. */
  conclude?(maps: Maps, context: EndContext<z.output<Schema>>): readonly (readonly Value[])[];
  /** What readers must know of results on this very host, one sentence each; `read` are the fields of structs that the program read. */
  notes?(target: Target, parameters: z.output<Schema>, read: ReadonlySet<string>): string[];
}

export type Shapes = "table" | "frame";

/** How many rows a run may print; null for a summary. */
export function limitsOf<Schema extends z.ZodType>(
  definition: ProbeDefinition<Schema>,
  parameters: z.output<Schema>,
  maxEventsPerSecond: number,
): RowLimits | null {
  const maxEvents = definition.maxEvents?.(parameters);
  return maxEvents === undefined ? null : { maxEvents, maxEventsPerSecond };
}

/** What a probe attaches to, with the hook that tells it of its end where it needs one. */
export function hooksOf({
  hooks,
  endsAtOnce,
  shape,
}: Pick<ProbeDefinition, "hooks" | "endsAtOnce" | "shape">): Hooks {
  if (shape === "frame" && !endsAtOnce) return hooks;
  return { ...hooks, optional: [...(hooks.optional ?? []), endHook] };
}
