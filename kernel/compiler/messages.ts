import type { Completion, Inspection } from "./answers.js";
import type { Importable, KnownColumn } from "./catalogue.js";
import type { CompiledCell } from "./cells.js";
import type { Completeness } from "./questions.js";

/** A compiled cell outside of the compiler's process, which knows it by a number. */
export type ReadyCell = Omit<CompiledCell, "cell"> & { cell: number; names: [string, NameKind][] };
export type NameKind = "value" | "import" | "type";

/** The variables of cells that hold tables, with their columns. */
export type Variables = [string, readonly KnownColumn[]][];

/** What the process of the compiler is asked, in the order in which it answers. */
export interface Compiling {
  open(folder: string): void;
  compile(code: string): ReadyCell;
  /** The cell has run: later cells see what it declares, but for what it did not reach. */
  add(cell: number, unset: string[]): void;
  /** Lets the language service look at what cells have imported. */
  warm(): void;
  complete(code: string, offset: number, variables: Variables): Completion;
  inspect(code: string, offset: number, variables: Variables): Inspection | undefined;
  completeness(code: string): Completeness;
  /** Tells what cells can import of this package. */
  know(catalogue: [string, Importable][]): void;
}

export interface Question {
  id: number;
  ask: keyof Compiling;
  args: unknown[];
}

/** How the process says that it is there: any other snapshot says something else, or nothing. */
export const greeting = "skbook compiler";

export type Answer =
  | { id?: undefined; greeting: string }
  | { id: number; value: unknown }
  | { id: number; failed: { name: string; message: string; stack: string | undefined } };
