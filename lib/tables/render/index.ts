import type { MimeBundle } from "../../cell/index.js";
import type { Column, Value } from "../column.js";
import type { Provenance } from "../provenance.js";
import { renderHtml } from "./html.js";
import { renderText } from "./text.js";

/** Rows shown at most; the rest is counted. */
const maxRows = 50;

/** A table to be shown: all its columns, its rows or the first of them. */
export interface Shown {
  columns: readonly Column[];
  rows: readonly (readonly Value[])[];
  /** Rows there are, shown or not. */
  total: number;
  provenance?: Provenance;
}

/** The same rows as HTML and as text. */
export function renderTable(shown: Shown): MimeBundle {
  const cutShort = { ...shown, rows: shown.rows.slice(0, maxRows) };
  return { "text/html": renderHtml(cutShort), "text/plain": renderText(cutShort) };
}
