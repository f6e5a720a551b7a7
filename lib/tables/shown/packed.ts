import { type Column, isText, type Value } from "../column.js";

/** What a table on a page is made of beside its static rows: the content of its JSON. */
export interface Packed {
  columns: readonly Column[];
  /** Of each column whether it is null in all rows. */
  empty: readonly boolean[];
  /** Whether a query has put the columns into their order. */
  asInQuery?: true;
  /** Rows there are, packed or not. */
  total: number;
  /** The rows, or the first of them: JSON of {@link PackedValue} arrays, gzipped, in base64. */
  rows: string;
  /** Under which the kernel knows all the rows, where there are more than these. */
  id?: string;
}

/** JSON for a value: an integer beyond what a JavaScript number holds is its digits, a fraction that is no number its name. */
export type PackedValue = string | number | boolean | null;

export function packedValue(value: Value): PackedValue {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

export function unpackedValue(value: PackedValue, column: Column): Value {
  if (typeof value !== "string" || isText(column)) return value;
  return column.type === "DOUBLE" ? Number(value) : BigInt(value);
}

/** What a page asks of the rows that the kernel has. */
export interface Question {
  id: string;
  /** Of the columns, in order of precedence. */
  sort: { column: string; descending: boolean }[];
  /** What was typed for columns. */
  filters: { column: string; typed: string }[];
  /** Text that one of the columns has to contain. */
  search: string;
  offset: number;
  limit: number;
}

/** What the kernel answers. */
export interface Answer {
  /** Rows that meet the filters. */
  matching: number;
  rows: PackedValue[][];
}
