import type { Value } from "../column.js";

/** null, or what danfojs makes of it. */
export function isUnknown(value: unknown): value is null | undefined {
  return value === null || value === undefined || Number.isNaN(value);
}

/** For sorting: unknown values come last, whichever way the others are sorted. */
export function compare(one: Value | undefined, other: Value | undefined, ascending: boolean): number {
  if (isUnknown(one) || isUnknown(other)) return Number(isUnknown(one)) - Number(isUnknown(other));
  const order = one < other ? -1 : one > other ? 1 : 0;
  return ascending ? order : -order;
}
