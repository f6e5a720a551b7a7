import { type Column, isText, unixNanoseconds } from "../column.js";

/** Nanoseconds in each unit of a duration. */
const durations = new Map(Object.entries({ ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, seconds: 1e9 }));

export function isTime(column: Column): boolean {
  return column.unit === unixNanoseconds && !isText(column);
}

/** How many nanoseconds one of the column's unit is; undefined where the column is no duration. */
export function nanosecondsPer(column: Column): number | undefined {
  return column.unit === undefined || isText(column) ? undefined : durations.get(column.unit);
}

/** How many nanoseconds a unit is that a reader writes: `ms`. */
export function nanosecondsIn(unit: string): number | undefined {
  return durations.get(unit);
}
