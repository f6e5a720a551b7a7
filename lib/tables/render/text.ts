import { printable, visible } from "../../html/index.js";
import { isText } from "../column.js";
import { warningsOf } from "../provenance.js";
import { type Column, cut, exactValue, extent, isTime, type Value } from "../shown/index.js";
import type { Shown } from "./shown.js";

const cellWidth = 60;

/** An aligned table for terminals and text outputs, where nothing can be asked: exact for integers, seven digits for measured fractions. */
export function renderText({ columns, rows, total, provenance }: Shown): string {
  const lines = [
    columns.map(({ name, unit }) => visible(unit === undefined ? name : `${name} [${unit}]`)),
    ...rows.map((row) => columns.map((column, index) => cut(textOf(row[index] ?? null, column), cellWidth))),
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
  return printable(
    [...aligned, [extent(rows.length, total, columns.length), ...warnings].join(" · ")].join("\n"),
  );
}

function textOf(value: Value, column: Column): string {
  if (value === null) return "null";
  if (isTime(column)) return visible(exactValue(value, column));
  if (typeof value === "number") return numberText(value);
  return typeof value === "string" ? visible(value) : String(value);
}

function numberText(value: number): string {
  if (Number.isInteger(value) || !Number.isFinite(value)) return String(value);
  return String(Math.abs(value) < 1e6 ? Number(value.toPrecision(7)) : Math.round(value));
}
