import type { Column } from "../column.js";
import { isTime, nanosecondsPer } from "./units.js";

/** What stands under a column's name: its unit; of times the zone, of durations that each value has a unit of its own. */
export function unitLine(column: Column, zone = "UTC"): string {
  if (isTime(column)) return zone;
  return nanosecondsPer(column) === undefined ? (column.unit ?? "") : "duration";
}

/** What is shown when the pointer rests on a column's name. */
export function headerTitle({ meaning, type, unit }: Column): string {
  return `${meaning}\n${type}${unit === undefined ? "" : `, ${unit}`}`;
}
