import { type Column, exactValue, grouped, type Value } from "../shown/index.js";
import { element } from "./dom.js";
import type { Model } from "./model.js";

/** More rows are for a file that the kernel writes. */
const mostRows = 100_000;

/** Copies the rows that match, in the columns shown, for a spreadsheet or a text; resolves to what was done. */
export async function copyRows(model: Model): Promise<string> {
  const rows = await model.all(mostRows);
  await toClipboard(
    lines(model, rows, "\t", (value, column) =>
      typeof value === "string" ? inert(value) : exactValue(value, column),
    ),
  );
  return `copied ${said(rows.length, model.matching)}`;
}

/** Has the browser keep the rows that match, in the columns shown, as CSV; resolves to what was done. */
export async function downloadRows(model: Model, name: string): Promise<string> {
  const rows = await model.all(mostRows);
  const text = lines(model, rows, ",", (value) => (value === null ? "" : inert(value)));
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  element("a", { href: url, download: `${name.replace(/[^A-Za-z0-9_-]+/g, "_") || "rows"}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return `downloaded ${said(rows.length, model.matching)}`;
}

/** Spreadsheets take such text for a formula, and hosts and captures have a say in it; an apostrophe makes it text. */
function inert(value: Value): string {
  return typeof value === "string" && /^[-=+@\t\r\n]/.test(value) ? `'${value}` : String(value);
}

function said(rows: number, matching: number): string {
  if (rows >= matching) return `${grouped(rows)} ${rows === 1 ? "row" : "rows"}`;
  return `the first ${grouped(rows)} of ${grouped(matching)} rows; .toCsv("rows.csv") writes all`;
}

function lines(
  model: Model,
  rows: readonly (readonly Value[])[],
  separator: string,
  textOf: (value: Value, column: Column) => string,
): string {
  const { columns } = model.packed;
  const quoted = (text: string) => (/["\t\r\n,]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const line = (texts: string[]) => `${texts.map(quoted).join(separator)}\n`;
  const head = line(model.visible.map((index) => (columns[index] as Column).name));
  return (
    head +
    rows
      .map((row) => line(model.visible.map((index) => textOf(row[index] ?? null, columns[index] as Column))))
      .join("")
  );
}

async function toClipboard(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // A page over plain HTTP, or in a frame, has only the old way.
    const box = element("textarea", { value: text });
    document.body.append(box);
    box.select();
    const isDone = document.execCommand("copy");
    box.remove();
    if (!isDone) throw new Error("the browser lets nothing be copied here");
  }
}
