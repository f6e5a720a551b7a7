import { SkbookError } from "../../errors/index.js";

/**
 * How bpftrace prints a value: digits, a kernel function's name, text of unknown content, a stack over several lines, or, in keys of maps only, two
 * numbers in brackets.
 */
export type Printed = "number" | "symbol" | "text" | "stack" | "pair";

/** Something that has to be there for a piece of text to mean anything: a variable that a parser sets, a map. */
export type Need = object;

declare const brand: unique symbol;

/** Program text: what {@link bpf} made, or something of this folder. */
export interface Bpf {
  readonly [brand]: "program text";
}

const key = Symbol("made in this file");

/**
 * A piece of a bpftrace program. Only this file makes them, so that nothing reaches a program that was not typed or checked. What a
 * piece needs travels with it: nobody has to search its text.
 */
class Piece implements Bpf {
  declare readonly [brand]: "program text";
  readonly #text: string;
  readonly #needs: ReadonlySet<Need>;
  readonly #printed: Printed;

  constructor(maker: symbol, text: string, needs: ReadonlySet<Need>, printed: Printed) {
    if (maker !== key) throw notProgramText("a piece that was made elsewhere");
    this.#text = text;
    this.#needs = needs;
    this.#printed = printed;
    Object.freeze(this);
  }

  static is(value: unknown): value is Piece {
    return typeof value === "object" && value !== null && #text in value;
  }

  static textOf(piece: Bpf): string {
    return Piece.checked(piece).#text;
  }

  static needsOf(piece: Bpf): ReadonlySet<Need> {
    return Piece.checked(piece).#needs;
  }

  static printedOf(piece: Bpf): Printed {
    return Piece.checked(piece).#printed;
  }

  private static checked(piece: Bpf): Piece {
    if (!Piece.is(piece)) throw notProgramText(piece);
    return piece;
  }
}

// A piece leads to its class: nobody may put other functions there.
Object.freeze(Piece);
Object.freeze(Piece.prototype);

/** What may stand in program text: other program text, and whole numbers. */
export type BpfValue = Bpf | number | bigint;

const nothing: ReadonlySet<Need> = new Set();

/**
 * Puts a program together. Between `${}` stands program text or a whole number; a string is refused, so that a parameter can never become
 * program text.
 *
 * @throws SkbookError `NOT_PROGRAM_TEXT`
 * @example bpf`if (${at.arg("len")} > ${1500}) { @ = count(); }`
 */
export function bpf(texts: TemplateStringsArray, ...values: readonly BpfValue[]): Bpf {
  if (!isTemplate(texts)) throw notProgramText(texts);
  let program = texts.raw[0] ?? "";
  const needs = new Set<Need>();
  for (const [index, value] of values.entries()) {
    const piece = toBpf(value);
    for (const need of Piece.needsOf(piece)) needs.add(need);
    program += Piece.textOf(piece) + (texts.raw[index + 1] ?? "");
  }
  return new Piece(key, program, needs, "number");
}

/** Arrays that the language makes of a template literal are frozen, and hide what was written; a call by hand has to fake both. */
function isTemplate(texts: unknown): texts is TemplateStringsArray {
  if (!Array.isArray(texts) || !Object.isFrozen(texts)) return false;
  const raw = Object.getOwnPropertyDescriptor(texts, "raw");
  return raw?.enumerable === false && Array.isArray(raw.value) && Object.isFrozen(raw.value);
}

/** A number as program text; program text stays what it is. */
export function toBpf(value: BpfValue): Bpf {
  if (Piece.is(value)) return value;
  const whole = typeof value === "bigint" || Number.isSafeInteger(value);
  if (!whole) throw notProgramText(value);
  return new Piece(key, String(value), nothing, "number");
}

/** Pieces one after the other. */
export function joined(pieces: readonly BpfValue[], separator: Separator = ""): Bpf {
  // What only looks like an array has a `map` of its own.
  if (!Array.isArray(pieces)) throw notProgramText(pieces);
  const all = Array.from<BpfValue, Bpf>(pieces, toBpf);
  if (!separators.includes(separator)) throw notProgramText(separator);
  const text = all.map(Piece.textOf).join(separator);
  return new Piece(key, text, new Set(all.flatMap((piece) => [...Piece.needsOf(piece)])), "number");
}

/** What may stand between the pieces of {@link joined}. */
export type Separator =
  | ""
  | " "
  | " else "
  | ", "
  | " && "
  | " || "
  | " | "
  | " + "
  | "\n"
  | "\n  "
  | "\n    "
  | "\n      ";
const separators = [
  "",
  " ",
  " else ",
  ", ",
  " && ",
  " || ",
  " | ",
  " + ",
  "\n",
  "\n  ",
  "\n    ",
  "\n      ",
] as const satisfies readonly Separator[];

/** The same piece, printed in another way. */
export function printedAs(printed: Printed, piece: Bpf): Bpf {
  return new Piece(key, Piece.textOf(piece), Piece.needsOf(piece), printed);
}

/** The same piece, with something that has to be there for it. */
export function needing(need: Need, piece: Bpf): Bpf {
  return new Piece(
    key,
    Piece.textOf(piece),
    new Set([...Piece.needsOf(piece), need]),
    Piece.printedOf(piece),
  );
}

/** A string literal of letters, digits and `_ . : @ + -` only, as names of commands are. */
export function name(value: string): Bpf {
  if (typeof value !== "string" || !/^[\w.:@+-]{1,63}$/.test(value)) throw notProgramText(value);
  return new Piece(key, `"${value}"`, nothing, "text");
}

/** An attach point, as a host's kernel has it: `kprobe:ip_rcv.isra.0`. */
export function attachPoint(value: string): Bpf {
  if (typeof value !== "string" || !/^[a-z]+(?::[\w./-]+)+$/.test(value)) throw notProgramText(value);
  return new Piece(key, value, nothing, "number");
}

/** A word of the language or of a kernel: the name of a field, a variable or a map, without its sigil. */
export function word(value: string): Bpf {
  if (typeof value !== "string" || !/^[A-Za-z_]\w{0,63}$/.test(value)) throw notProgramText(value);
  return new Piece(key, value, nothing, "number");
}

/** For a listing: `sk_buff.head`; nothing that could end a comment. */
export function comment(value: string): Bpf {
  if (typeof value !== "string" || !/^[\w.[\]]{1,80}$/.test(value)) throw notProgramText(value);
  return new Piece(key, `/* ${value} */`, nothing, "number");
}

/** A string literal with one printf directive for each value, tab-separated, behind a checked head; ends the line. */
export function format(head: string, directives: readonly ("%llu" | "%lld" | "%s")[]): Bpf {
  if (typeof head !== "string" || !/^[a-z]\w*(?::\d+)?$/.test(head)) throw notProgramText(head);
  const words = [head, ...directives];
  const wrong = words.slice(1).find((one) => one !== "%llu" && one !== "%lld" && one !== "%s");
  if (wrong !== undefined) throw notProgramText(wrong);
  return new Piece(key, `"${words.join("\\t")}\\n"`, nothing, "number");
}

export const textOf: (piece: Bpf) => string = Piece.textOf;
export const needsOf: (piece: Bpf) => ReadonlySet<Need> = Piece.needsOf;
export const printedOf: (piece: Bpf) => Printed = Piece.printedOf;
export const isBpf: (value: unknown) => value is Bpf = Piece.is;

function notProgramText(value: unknown): SkbookError {
  return new SkbookError({
    code: "NOT_PROGRAM_TEXT",
    tried: "put a value into a bpftrace program",
    failed: `${shown(value)} is no whole number, program text or plain name`,
    todo: "give a number, or text that bpf`...` made; a string never becomes a program",
  });
}

function shown(value: unknown): string {
  try {
    return JSON.stringify(String(value)).slice(0, 80);
  } catch {
    return typeof value;
  }
}
