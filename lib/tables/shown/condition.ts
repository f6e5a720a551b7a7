import { type Column, isText, type Value } from "../column.js";
import { exactValue } from "./readable.js";
import { nanosecondsOf } from "./time.js";
import { isTime, nanosecondsIn, nanosecondsPer } from "./units.js";

/** What a reader has asked of the values of one column. */
export type Condition =
  | { is: "null"; not: boolean }
  | { is: "containing" | "equal"; text: string; not: boolean }
  | { is: "=" | "!=" | "<" | "<=" | ">" | ">="; number: number | bigint }
  | { is: "between"; low: number | bigint; high: number | bigint };

/** What can be asked, for whoever is about to. */
export function conditionHint(column: Column): string {
  if (isText(column)) return "text, =text, !text, null, !null";
  return isTime(column)
    ? ">2024-05-01 12:00, part of a time (UTC), null, !null"
    : `>10, 5..9, !=0, null, !null${nanosecondsPer(column) === undefined ? "" : "; >10ms"}`;
}

/** Reads what was typed; undefined where it means nothing for such a column. */
export function conditionOf(typed: string, column: Column): Condition | undefined {
  const text = typed.trim();
  if (/^!?null$/i.test(text)) return { is: "null", not: text.startsWith("!") };
  if (isText(column)) return textCondition(text);
  const range = /^(.+?)\.\.(.+)$/.exec(text);
  if (range !== null) {
    const [low, high] = [numberOf(range[1] ?? "", column), numberOf(range[2] ?? "", column)];
    return low === undefined || high === undefined ? undefined : { is: "between", low, high };
  }
  const [, sign = "", rest = ""] = /^(>=|<=|!=|>|<|=)?(.*)$/s.exec(text) ?? [];
  if (sign === "" && isTime(column)) return { is: "containing", text: rest, not: false };
  const number = numberOf(rest, column);
  return number === undefined ? undefined : { is: (sign || "=") as "=", number };
}

function textCondition(text: string): Condition {
  const [, not = "", equal = "", rest = ""] = /^(!?)(=?)(.*)$/s.exec(text) ?? [];
  return { is: equal === "" ? "containing" : "equal", text: rest, not: not !== "" };
}

/** A number in the column's unit: `10`, `1,000`, `2.5ms`; of a time, nanoseconds or a date of UTC. */
function numberOf(typed: string, column: Column): number | bigint | undefined {
  const text = typed.trim().replaceAll(",", "");
  if (isTime(column)) return /^-?\d+$/.test(text) && text.length > 4 ? BigInt(text) : nanosecondsOf(text);
  if (/^-?\d+$/.test(text)) return BigInt(text);
  const [, digits = "", unit = ""] = /^(-?\d*\.?\d+(?:e[+-]?\d+)?)\s*([a-zµ%]*)$/i.exec(text) ?? [];
  if (digits === "" || !Number.isFinite(Number(digits))) return undefined;
  if (unit === "" || unit === column.unit) return Number(digits);
  const [own, given] = [nanosecondsPer(column), nanosecondsIn(unit)];
  if (own === undefined || given === undefined) return undefined;
  // 1.1 * 1000 is a little more than 1100.
  const number = Number(((Number(digits) * given) / own).toPrecision(15));
  return Number.isFinite(number) ? number : undefined;
}

/** Whether a value meets a condition. Null meets none but the one that asks for it. */
export function meets(condition: Condition, value: Value, column: Column): boolean {
  if (condition.is === "null") return (value === null) !== condition.not;
  if (value === null) return false;
  if (condition.is === "containing" || condition.is === "equal") {
    const text = exactValue(value, column).toLowerCase();
    const wanted = condition.text.toLowerCase();
    return (condition.is === "equal" ? text === wanted : text.includes(wanted)) !== condition.not;
  }
  // Numbers and bigints compare with each other exactly.
  const number = value as number | bigint;
  switch (condition.is) {
    case "between":
      return number >= condition.low && number <= condition.high;
    case "=":
      // biome-ignore lint/suspicious/noDoubleEquals: 1 and 1n are the same number
      return number == condition.number;
    case "!=":
      // biome-ignore lint/suspicious/noDoubleEquals: 1 and 1n are the same number
      return number != condition.number;
    case "<":
      return number < condition.number;
    case "<=":
      return number <= condition.number;
    case ">":
      return number > condition.number;
    case ">=":
      return number >= condition.number;
  }
}
