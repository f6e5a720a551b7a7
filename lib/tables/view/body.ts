import { type Column, cut, isText, readable, type Value } from "../shown/index.js";
import { element } from "./dom.js";
import type { Model } from "./model.js";

/** A longer text is folded, to be opened. */
const cellLength = 60;

/** The rows of the page that is shown. */
export function bodyRows(model: Model, zone: string): HTMLElement[] {
  const { columns } = model.packed;
  const { visible } = model;
  const first = model.pageIndex * model.pageSize;
  if (model.pageRows.length === 0) {
    const none = element("td", { className: "text none", colSpan: Math.max(1, visible.length) }, "no rows");
    return [element("tr", {}, none)];
  }
  return model.pageRows.map((row, at) => {
    const cells = visible.map((index) => cell(row[index] ?? null, columns[index] as Column, zone));
    const line = element("tr", {}, ...cells);
    // The line of names is the first one.
    line.setAttribute("aria-rowindex", String(first + at + 2));
    return line;
  });
}

function cell(value: Value, column: Column, zone: string): HTMLElement {
  const className = isText(column) ? "text" : "";
  if (value === null) return element("td", { className }, element("i", {}, "null"));
  const { text, exact } = readable(value, column, zone);
  if (text.length > cellLength) {
    const summary = element("summary", {}, cut(text, cellLength));
    return element("td", { className }, element("details", {}, summary, text));
  }
  return element("td", { className, ...(exact !== undefined && { title: exact }) }, text);
}
