import type { Column, Value } from "../column.js";
import type { Provenance } from "../provenance.js";

/** A table to be shown: all its columns, its rows or the first of them. */
export interface Shown {
  columns: readonly Column[];
  rows: readonly (readonly Value[])[];
  /** Rows there are, shown or not. */
  total: number;
  provenance?: Provenance;
}
