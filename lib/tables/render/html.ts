import { escapeHtml, visible } from "../../html/index.js";
import { warningsOf } from "../provenance.js";
import {
  arranged,
  type Column,
  cut,
  extent,
  headerTitle,
  isText,
  isTime,
  readable,
  unitLine,
  type Value,
} from "../shown/index.js";
import { packed } from "./pack.js";
import { provenanceHtml } from "./provenance.js";
import { pageScripts, rowsClass } from "./script.js";
import { isOfQuery, type Shown } from "./shown.js";
import { style } from "./style.js";

/** A longer text is folded, to be opened. */
const cellLength = 60;

/**
 * A table that needs no script, and no style sheet to be understood: front ends may remove both. Where scripts run, a table to work
 * with takes its place.
 */
export function renderHtml(shown: Shown, first: Shown["rows"]): string {
  const { columns, rows, total, provenance } = shown;
  const { shown: order, empty } = arranged(columns, rows, shown.empty, isOfQuery(shown));
  const warnings = provenance === undefined ? [] : warningsOf(provenance);
  const badges = warnings
    .map((warning) => ` <b style="background:#b3261e;color:#fff" class="warning">${escapeHtml(warning)}</b>`)
    .join("");
  const head = order.map((index) => header(columns[index] as Column)).join("");
  const body = first.map((row) => {
    return `<tr>${order.map((index) => cell(row[index] ?? null, columns[index] as Column)).join("")}</tr>`;
  });
  const name = escapeHtml(provenance?.source ?? "table");
  return [
    `<div class="skbook-table"><style>${style}</style>`,
    `<div class="scroll" role="region" aria-label="${name}" tabindex="0"><table class="rows"><thead><tr>${head}</tr></thead>`,
    `<tbody>${body.join("\n")}</tbody></table></div>`,
    `<p class="extent">${extent(first.length, total, columns.length)}${elsewhere(shown, first.length)}${badges}</p>`,
    ...(empty.length === 0 ? [] : [folded(empty.map((index) => columns[index] as Column))]),
    ...(provenance === undefined ? [] : [provenanceHtml(provenance)]),
    ...(shown.passing
      ? []
      : [`<script type="application/json" class="${rowsClass}">${packed(shown)}</script>`, ...pageScripts()]),
    "</div>",
  ].join("\n");
}

/** Where the rows are that aren't shown, if they are anywhere. */
function elsewhere({ rows, total, passing, keep }: Shown, first: number): string {
  if (first >= total || passing) return "";
  const here = "can be paged through where the notebook is trusted";
  if (keep !== undefined) return ` · the others ${here}; <code>.toCsv("rows.csv")</code> writes all`;
  return rows.length > first ? ` · ${rows.length === total ? "the others" : "some more"} ${here}` : "";
}

function header(column: Column): string {
  const unit = escapeHtml(unitLine(column));
  const title = escapeHtml(headerTitle(column));
  return `<th scope="col"${kind(column)} title="${title}">${escapeHtml(visible(column.name))}<br><small>${unit}</small></th>`;
}

function cell(value: Value, column: Column): string {
  if (value === null) return `<td${kind(column)}><i>null</i></td>`;
  const { text, exact } = readable(value, column);
  if (text.length > cellLength) {
    const whole = `<details><summary>${escapeHtml(cut(text, cellLength))}</summary>${escapeHtml(text)}</details>`;
    return `<td${kind(column)}>${whole}</td>`;
  }
  return `<td${kind(column)}${exact === undefined ? "" : ` title="${escapeHtml(exact)}"`}>${escapeHtml(text)}</td>`;
}

/** What a front end that removes style sheets has to keep: JupyterLab does that in notebooks that it doesn't trust. */
function kind(column: Column): string {
  if (isText(column)) return ' class="text" style="text-align:left"';
  return isTime(column) ? ' style="white-space:nowrap"' : "";
}

function folded(columns: readonly Column[]): string {
  const list = columns
    .map(({ name, meaning }) => `<li>${escapeHtml(visible(name))}: ${escapeHtml(meaning)}</li>`)
    .join("");
  const count = `${columns.length} ${columns.length === 1 ? "column" : "columns"}`;
  return `<details class="empty"><summary>${count} without values</summary><ul>${list}</ul></details>`;
}
