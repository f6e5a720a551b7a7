import type { MimeBundle } from "../../cell/index.js";
import { renderHtml } from "./html.js";
import type { Shown } from "./shown.js";
import { renderText } from "./text.js";

/** Rows shown at most; the rest is counted. */
const maxRows = 50;

/** The same rows as HTML and as text. */
export function renderTable(shown: Shown): MimeBundle {
  const cutShort = { ...shown, rows: shown.rows.slice(0, maxRows) };
  return { "text/html": renderHtml(cutShort), "text/plain": renderText(cutShort) };
}
