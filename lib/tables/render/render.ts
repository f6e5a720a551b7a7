import type { MimeBundle } from "../../cell/index.js";
import { firstPage } from "../shown/index.js";
import { renderHtml } from "./html.js";
import { digestOf } from "./pack.js";
import type { Shown } from "./shown.js";
import { renderText } from "./text.js";

/** Rows that a page has at hand when the kernel is gone. */
export const packedRows = 1000;
/** The first rows as HTML, which becomes a table to work with where scripts run, and as text. */
export function renderTable(shown: Shown): MimeBundle {
  const first = shown.rows.slice(0, firstPage(shown.total));
  const rows = shown.rows.slice(0, packedRows);
  // Tables that begin alike are not the same.
  const digest = shown.digest ?? digestOf(rows.length < shown.rows.length ? shown.rows : rows);
  return {
    "text/html": renderHtml({ ...shown, rows, digest }, first),
    "text/plain": renderText({ ...shown, rows: first }),
  };
}
