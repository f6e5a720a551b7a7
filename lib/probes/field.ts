import { SkbookError } from "../errors/index.js";
import type { Column, Value } from "../tables/index.js";
import type { HookSite } from "./site.js";
import type { Target } from "./target.js";
import { type Bpf, isBpf, type Printed, printedOf, toBpf } from "./text/bpf.js";

/** What the reader of a field may lean on besides the words themselves. */
export interface ReadContext {
  target: Target;
  /** Turns the program's `nsecs` into nanoseconds since 1970 by the host's own clock; null where its clocks could not be read. */
  unixTime(nsecs: string): bigint | null;
  /** In a summary, the maps that its program left: a word can be the key of what stands there once, such as a text by its address. */
  maps?: Maps;
}

/** The maps that a program left when it ended: key words (none for a map without keys) to value, by the map's name. */
export type Maps = ReadonlyMap<string, ReadonlyMap<string, unknown>>;

/**
 * One column of an answer, or several that share their words: what they mean, how the program says them, and what is made of what was said.
 * Columns, printf format, map keys, decoder and reference come from it.
 */
export interface Field {
  readonly columns: readonly Column[];
  /** How bpftrace prints each of the words. */
  readonly words: readonly Printed[];
  /** More values than a map may have room for: what finds none is counted then. */
  readonly unbounded: boolean;
  say(site: HookSite): readonly Bpf[];
  /** The same for a map's key, where it is said in another way there; read as the same words. */
  readonly key: { readonly words: readonly Printed[]; say(site: HookSite): readonly Bpf[] } | undefined;
  read(words: readonly string[], context: ReadContext): readonly Value[];
}

/** A field of one column. */
export interface FieldDefinition extends Column {
  /** How bpftrace prints the words; default one number. */
  words?: readonly Printed[];
  /** Program text of the words. */
  say(site: HookSite): Bpf | number | readonly (Bpf | number)[];
  /** How it is said in a map's key, where that is cheaper: as one part that is printed as two numbers. */
  pair?(site: HookSite): Bpf;
  /** Makes the value; default by the column's type, where it is one word. */
  read?(words: readonly string[], context: ReadContext): Value;
}

/** Says a column once. */
export function field({ words = ["number"], say, pair, read, ...column }: FieldDefinition): Field {
  const key =
    pair === undefined
      ? undefined
      : { words: ["pair"] as const, say: (site: HookSite) => checked(column.name, ["pair"], pair(site)) };
  return {
    key,
    columns: [column],
    words,
    unbounded: words.includes("text"),
    say: (site) => checked(column.name, words, say(site)),
    read: (said, context) => [read === undefined ? byType(column, said) : read(said, context)],
  };
}

/** Says several columns that are made of the same words. */
export function fields(definition: {
  columns: readonly Column[];
  words: readonly Printed[];
  unbounded?: boolean;
  say(site: HookSite): readonly (Bpf | number)[];
  read(words: readonly string[], context: ReadContext): readonly Value[];
}): Field {
  const { columns, words, unbounded = false } = definition;
  const names = columns.map(({ name }) => name).join(", ");
  return {
    columns,
    words,
    unbounded,
    key: undefined,
    say: (site) => checked(names, words, definition.say(site)),
    read: definition.read,
  };
}

/** `count` words that are numbers. */
export function numbers(count: number): readonly Printed[] {
  return Array(count).fill("number");
}

/** All columns of some fields. */
export function columnsOf(all: readonly Field[]): readonly Column[] {
  return all.flatMap(({ columns }) => columns);
}

/** Reads the words of fields, one field after the other. */
export function readFields(
  all: readonly Field[],
  words: readonly string[],
  context: ReadContext,
): readonly Value[] {
  let at = 0;
  return all.flatMap((one) => {
    const own = words.slice(at, at + one.words.length);
    at += one.words.length;
    return one.read(own, context);
  });
}

/** Of 64 bits, with a sign; what is longer is no number of a program's. */
const mostDigits = 24;

function byType({ type }: Column, [word = ""]: readonly string[]): Value {
  if (type === "VARCHAR") return word === "" ? null : word;
  if (type === "BOOLEAN") return word !== "0";
  const value = BigInt(word.slice(0, mostDigits));
  if (value !== BigInt.asIntN(64, value) && value !== BigInt.asUintN(64, value))
    throw new Error(`${word.slice(0, 40)} has more than 64 bits`);
  return type === "BIGINT" && (value > 2n ** 53n || value < -(2n ** 53n)) ? value : Number(value);
}

function checked(
  name: string,
  words: readonly Printed[],
  said: Bpf | number | readonly (Bpf | number)[],
): Bpf[] {
  const all = (Array.isArray(said) ? said : [said]) as readonly (Bpf | number)[];
  const pieces = all.map((one) => (isBpf(one) ? one : toBpf(one)));
  const matches =
    pieces.length === words.length && pieces.every((piece, index) => printedOf(piece) === words[index]);
  if (matches) return pieces;
  throw new SkbookError({
    code: "BAD_PROBE",
    tried: `write program text for the field ${name}`,
    failed: `it says ${pieces.map(printedOf).join(", ") || "nothing"} where its words are ${words.join(", ")}`,
    todo: "let `words` say how bpftrace prints what `say` gives: symbolOf() is a symbol, kernelStack() a stack, textAt() a text, all else a number",
  });
}
