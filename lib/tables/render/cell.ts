import { type Column, unixNanoseconds, type Value } from "../column.js";

/** A value as the reader sees it: exact for integers, seven digits for measured fractions, UTC for times of day. */
export function shownValue(value: Value, column: Column): string {
  if (value === null) return "null";
  if (column.unit === unixNanoseconds && typeof value !== "boolean") return utcTime(BigInt(value));
  if (typeof value === "number") return shownNumber(value);
  return typeof value === "string" ? visible(value) : String(value);
}

function shownNumber(value: number): string {
  if (Number.isInteger(value) || !Number.isFinite(value)) return String(value);
  return String(Math.abs(value) < 1e6 ? Number(value.toPrecision(7)) : Math.round(value));
}

/** `2024-05-01 12:00:00.000000001` */
function utcTime(nanoseconds: bigint): string {
  const fraction = ((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = (nanoseconds - fraction) / 1_000_000_000n;
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return String(nanoseconds);
  return `${date.toISOString().slice(0, -5).replace("T", " ")}.${String(fraction).padStart(9, "0")}`;
}

/** Text off the wire must not steer a terminal or turn the line around: such characters are spelled out. */
export function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

export function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** How much of the rows is shown, in words. */
export function extent(shown: number, total: number, columns: number): string {
  const rows = `${total.toLocaleString("en-US")} ${total === 1 ? "row" : "rows"}`;
  const size = `${rows} × ${columns} ${columns === 1 ? "column" : "columns"}`;
  return shown < total ? `${shown.toLocaleString("en-US")} of ${size}` : size;
}
