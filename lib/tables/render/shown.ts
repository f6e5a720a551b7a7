import type { Column, Value } from "../column.js";
import type { Provenance } from "../provenance.js";

/** A table to be shown: all its columns, its rows or the first of them. */
export interface Shown {
  columns: readonly Column[];
  rows: readonly (readonly Value[])[];
  /** Rows there are, shown or not. */
  total: number;
  provenance?: Provenance;
  /** Of each column whether it is null in all rows there are; told from `rows` where it isn't given. */
  empty?: readonly boolean[];
  /** It is shown for a moment: nothing that others need may come with it. */
  passing?: true;
  /** Hash of all rows there are, in their order; made of `rows` where it isn't given. */
  digest?: string;
  /** Makes all rows known under an id, by which the page asks for those that it lacks. */
  keep?: (id: string) => void;
}

/** Whether a query has put its columns into their order. */
export function isOfQuery({ provenance }: Shown): boolean {
  return provenance?.details.sql !== undefined;
}
