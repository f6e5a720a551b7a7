import { isUnknown } from "./unknown.js";

/** An operation of danfojs on the values of one column in one group, by its name; the result in an array. */
type GroupMath = (values: unknown[], operation: string) => unknown[];

const running = new Set(["cumsum", "cumprod", "cummax", "cummin"]);

/** Leaves unknown values out: danfojs counts null as 0, and a group's mean gets too low. */
export function groupMath(original: GroupMath): GroupMath {
  return function (this: unknown, values, operation) {
    const known = values.filter((value) => !isUnknown(value));
    if (running.has(operation)) {
      // These answer with a value for each row.
      const results = known.length === 0 ? [] : original.call(this, known, operation);
      return values.map((value) => (isUnknown(value) ? null : results.shift()));
    }
    if (known.length === 0) return [operation === "count" ? 0 : null];
    return original.call(this, known, operation);
  };
}
