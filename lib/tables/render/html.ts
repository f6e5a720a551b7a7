import { escapeHtml } from "../../html/index.js";
import { type Column, isText, unixNanoseconds, type Value } from "../column.js";
import { warningsOf } from "../provenance.js";
import { cut, extent, shownValue } from "./cell.js";
import { provenanceHtml } from "./provenance.js";
import type { Shown } from "./shown.js";
import { style } from "./style.js";

const cellLength = 200;

/** A table that needs no script, and no style sheet to be understood: front ends may remove both. */
export function renderHtml({ columns, rows, total, provenance }: Shown): string {
  const warnings = provenance === undefined ? [] : warningsOf(provenance);
  const badges = warnings
    .map((warning) => ` <b style="background:#b3261e;color:#fff" class="warning">${escapeHtml(warning)}</b>`)
    .join("");
  return [
    `<div class="skbook-table"><style>${style}</style>`,
    `<div class="scroll"><table><thead><tr>${columns.map(header).join("")}</tr></thead>`,
    `<tbody>${rows.map((row) => `<tr>${columns.map((column, index) => cell(row[index] ?? null, column)).join("")}</tr>`).join("\n")}</tbody></table></div>`,
    `<p>${extent(rows.length, total, columns.length)}${badges}</p>`,
    ...(provenance === undefined ? [] : [provenanceHtml(provenance)]),
    "</div>",
  ].join("\n");
}

function header(column: Column): string {
  const unit = column.unit === undefined ? "" : `${escapeHtml(column.unit)} · `;
  const title = escapeHtml(column.meaning);
  return `<th${kind(column)} title="${title}">${escapeHtml(column.name)}<br><small>${unit}${column.type}</small></th>`;
}

function cell(value: Value, column: Column): string {
  if (value === null) return `<td${kind(column)}><i>null</i></td>`;
  const text = shownValue(value, column);
  const short = cut(text, cellLength);
  const exact = column.unit === unixNanoseconds ? String(value) : short === text ? undefined : text;
  return `<td${kind(column)}${exact === undefined ? "" : ` title="${escapeHtml(exact)}"`}>${escapeHtml(short)}</td>`;
}

/** What a front end that removes style sheets has to keep: JupyterLab does that in notebooks that it doesn't trust. */
function kind(column: Column): string {
  if (isText(column)) return ' class="text" style="text-align:left;white-space:nowrap"';
  return column.unit === unixNanoseconds ? ' style="white-space:nowrap"' : "";
}
