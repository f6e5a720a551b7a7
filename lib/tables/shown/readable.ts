import { visible } from "../../html/index.js";
import { type Column, isText, type Value } from "../column.js";
import { grouped } from "./text.js";
import { utcTime, zoneTime } from "./time.js";
import { isTime, nanosecondsPer } from "./units.js";

/** A value for a reader: short, and exact where the short one isn't. */
export interface Readable {
  text: string;
  exact?: string;
}

/** A value as a table on a page shows it: `34.2 ms`, `14.1 %`, `1,514`; times in a zone. */
export function readable(value: Value, column: Column, zone = "UTC"): Readable {
  if (value === null) return { text: "null" };
  if (typeof value === "string" || typeof value === "boolean") return { text: visible(String(value)) };
  if (isTime(column) && Number.isFinite(Number(value))) {
    return {
      text: zoneTime(value, zone),
      exact: `${utcTime(value)} UTC, ${value} ns since 1970`,
    };
  }
  const exact = exactValue(value, column);
  const unit = column.unit === undefined ? "" : ` ${column.unit}`;
  const per = nanosecondsPer(column);
  const text =
    per !== undefined
      ? duration(Number(value) * per)
      : column.unit === "%"
        ? `${significant(Number(value), 3)} %`
        : typeof value === "number" && !Number.isInteger(value)
          ? significant(value, 4)
          : column.unit === undefined || isText(column)
            ? String(value)
            : grouped(value);
  return text.replaceAll(",", "") === exact ? { text } : { text, exact: `${exact}${unit}` };
}

/** A value as a file has it and a filter finds it: all its digits, times in UTC. */
export function exactValue(value: Value, column: Column): string {
  if (value === null) return "";
  const isNumber = typeof value === "number" || typeof value === "bigint";
  return isNumber && isTime(column) ? utcTime(value) : String(value);
}

const steps: [unit: string, nanoseconds: number][] = [
  ["s", 1e9],
  ["ms", 1e6],
  ["µs", 1e3],
  ["ns", 1],
];

/** `34.2 ms`: three digits that count, in the unit that fits. */
function duration(nanoseconds: number): string {
  if (nanoseconds === 0 || !Number.isFinite(nanoseconds)) return String(nanoseconds);
  const [unit, size] = steps.find(([, size]) => Math.abs(nanoseconds) >= size * 0.9995) ?? ["ns", 1];
  return `${significant(nanoseconds / size, 3)} ${unit}`;
}

/** A number with so many digits that count; all digits before the point stay. */
function significant(value: number, digits: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 10 ** digits) return grouped(Math.round(value));
  return String(Number(value.toPrecision(digits)));
}
