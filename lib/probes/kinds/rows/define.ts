import type { z } from "zod";
import { unixNanoseconds } from "../../../tables/index.js";
import { countOne } from "../../engine/counters.js";
import { makeProbe, type Probe } from "../../engine/define.js";
import type { ProbeDefinition, ProbeFacts } from "../../engine/definition.js";
import { isBeyond, isSuppressed, mayPrint, rowWord, takeOne } from "../../engine/lifecycle.js";
import { columnsOf, type Field, field, type ReadContext, readFields } from "../../field.js";
import { asked, type Filters } from "../../filter.js";
import { hookNames } from "../../hooks.js";
import type { Target } from "../../target.js";
import { type Bpf, bpf, format, joined, type Printed } from "../../text/bpf.js";
import type { HookAt } from "../hook-at.js";
import { type Input, maxEvents, type Output, type Shape, schemaOf } from "../parameters.js";
import { type Writing, writing } from "../writing.js";
import { beginParts, joinParts, type MemoryColumns, printParts, rowHead } from "./memory.js";

/** What the program of a probe of events is written with. */
export interface RowsWriting<Parameters> extends Writing<Parameters> {
  /** Prints a row of the probe's fields, and counts it: what gets lost on its way is missed. */
  emit(at: HookAt): Bpf;
  /** Counts an event as lost that can't be told: there was no room to know of it. */
  misses(at: HookAt): Bpf;
}

/** A probe with one row for each event. */
export interface RowsDefinition<F extends Filters, S extends Shape> extends ProbeFacts {
  filters?: F;
  /** Parameters of its own, by name. */
  parameters?: S;
  /** Refuses parameters that each are right, and together are not. */
  check?(given: never, context: z.RefinementCtx): void;
  /** Its columns; the time of the event stands before them. */
  fields: readonly Field[] | ((parameters: Output<F, S>) => readonly Field[]);
  /** Columns behind these that are made of bytes of the kernel's memory. A row then comes in several lines: where one gets lost, the row is. */
  memory?: MemoryColumns;
  program(writing: RowsWriting<Output<F, S>>): Bpf | readonly Bpf[];
  notes?(target: Target, parameters: Output<F, S>, read: ReadonlySet<string>): string[];
}

const time: Field = field({
  name: "time_ns",
  type: "BIGINT",
  unit: unixNanoseconds,
  meaning: "when, by the host's real-time clock",
  say: () => bpf`nsecs`,
  read: ([nsecs = "0"], { unixTime }) => unixTime(nsecs),
});

/** Text of unknown content goes last, stacks behind it: a kernel's first. */
const order: readonly Printed[] = ["number", "symbol", "text", "stack"];

/** Makes a probe with one row for each event, printed as it happens: it costs the host some microseconds. Rows have a limit, and are limited by the second. */
export function defineRows<F extends Filters = Record<never, never>, S extends Shape = Record<never, never>>(
  definition: RowsDefinition<F, S>,
): Probe<NoInfer<Input<F, S>> & { maxEvents?: number | undefined }, "table"> {
  type P = Output<F, S> & { maxEvents: number };
  const { filters = {}, parameters = {}, check, fields, memory, program, notes, ...facts } = definition;
  const all = (given: P) => [time, ...(typeof fields === "function" ? fields(given) : fields)];
  const made: ProbeDefinition<z.ZodType, "table"> = {
    ...facts,
    kind: "rows",
    shape: "table",
    mapKeys: facts.mapKeys ?? 4_096,
    parameters: schemaOf({ ...parameters, maxEvents }, filters, check),
    fields: (given) => all(given as P),
    columns: (given) => [...columnsOf(all(given as P)), ...(memory?.columns ?? [])],
    books: () => ({ hooks: hookNames(facts.hooks), mapKeys: facts.mapKeys ?? 4_096 }),
    maxEvents: (given) => (given as P).maxEvents,
    endsAtOnce: true,
    write(given, site) {
      const base = writing(facts, site, given as Output<F, S>, asked(filters, given as P), {
        began: (at) => countOne("entered", at.index),
        returned: (at) => countOne("returned", at.index),
      });
      const own = {
        emit: (at: HookAt) => emit(all(given as P), memory, at),
        misses: (at: HookAt) => countOne("suppressed", at.index),
      };
      return joined([program({ ...base, ...own })].flat(), "\n");
    },
    ...(memory === undefined ? {} : { joinLines: () => joinParts(rowWord, memory) }),
    decode(record, context) {
      if (record.type !== "line" || record.word !== rowWord) return [];
      const own = all(context.parameters as P);
      if (memory === undefined) return [readRow(own, record.fields, context)];
      const [bytes = "", ...words] = record.fields;
      return [[...readRow(own, words, context), ...memory.read(Buffer.from(bytes, "base64"), context)]];
    },
    ...(notes === undefined
      ? {}
      : {
          notes: (target: Target, given: unknown, read: ReadonlySet<string>) =>
            notes(target, given as P, read),
        }),
  };
  return makeProbe(made);
}

function emit(fields: readonly Field[], memory: MemoryColumns | undefined, at: HookAt): Bpf {
  const pieces = fields.flatMap((one) => one.say(at));
  const kinds = fields.flatMap(({ words }) => words);
  const sorted = sortedIndices(kinds);
  const directives = sorted.map((index) => (kinds[index] === "number" ? "%lld" : "%s"));
  const values = sorted.map((index) => pieces[index] as Bpf);
  const head = memory === undefined ? [] : rowHead;
  const line = format(`${rowWord}:${at.index}`, [...head.map(() => "%lld" as const), ...directives]);
  const print = bpf`printf(${line}, ${joined([...head, ...values], ", ")});`;
  const all = memory === undefined ? [print] : [beginParts(memory, at), print, printParts(memory, at)];
  return bpf`if (${mayPrint}) { ${takeOne} ${countOne("emitted", at.index)}
    ${joined(all, "\n    ")}
  } else { if (${isSuppressed}) { ${countOne("suppressed", at.index)} } else { if (${isBeyond}) { ${countOne("beyond", at.index)} } } }`;
}

/** The order in which words are printed. */
function sortedIndices(kinds: readonly Printed[]): number[] {
  return kinds
    .map((kind, index) => ({ kind, index }))
    .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || a.index - b.index)
    .map(({ index }) => index);
}

function readRow(fields: readonly Field[], said: readonly string[], context: ReadContext) {
  const kinds = fields.flatMap(({ words }) => words);
  const sorted = sortedIndices(kinds);
  const fixed = kinds.filter((kind) => kind === "number" || kind === "symbol").length;
  const printed = [...said.slice(0, fixed), ...splitText(said.slice(fixed).join("\t"), kinds)];
  const words: string[] = [];
  for (const [place, index] of sorted.entries()) words[index] = printed[place] ?? "";
  return readFields(fields, words, context);
}

/** A text can hold a tab; a stack starts on a line of its own, where there is one. */
function splitText(text: string, kinds: readonly Printed[]): string[] {
  const stacks = kinds.filter((kind) => kind === "stack").length;
  if (stacks === 0) return kinds.includes("text") ? [text] : [];
  const parts = [
    ...(kinds.includes("text") ? ["([\\s\\S]*?)"] : []),
    ...Array(stacks).fill("(\\n[\\s\\S]*?|)"),
  ];
  return new RegExp(`^${parts.join("\\t")}$`).exec(text)?.slice(1) ?? [text];
}
