import { isText } from "../column.js";
import { warningsOf } from "../provenance.js";
import { cut, extent, shownValue } from "./cell.js";
import type { Shown } from "./shown.js";

const cellWidth = 60;

/** An aligned table for terminals and text outputs. */
export function renderText({ columns, rows, total, provenance }: Shown): string {
  const lines = [
    columns.map((column) => (column.unit === undefined ? column.name : `${column.name} [${column.unit}]`)),
    ...rows.map((row) =>
      columns.map((column, index) => cut(shownValue(row[index] ?? null, column), cellWidth)),
    ),
  ];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => (line[index] as string).length)));
  const aligned = lines.map((line) =>
    columns
      .map((column, index) => {
        const text = line[index] as string;
        return isText(column) ? text.padEnd(widths[index] as number) : text.padStart(widths[index] as number);
      })
      .join("  ")
      .trimEnd(),
  );
  const warnings = provenance === undefined ? [] : warningsOf(provenance);
  return [...aligned, [extent(rows.length, total, columns.length), ...warnings].join(" · ")].join("\n");
}
