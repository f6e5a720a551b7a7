import { SkbookError } from "../errors/index.js";

function refusal(figure: string, option: string, failed: string, todo: string): SkbookError {
  return new SkbookError({
    code: "BAD_PARAMETER",
    tried: `draw ${figure}`,
    failed: `${option} ${failed}`,
    todo,
  });
}

/** @throws SkbookError `BAD_PARAMETER` where the value is none of those allowed. */
export function oneOf(figure: string, option: string, value: unknown, allowed: readonly string[]): void {
  if (allowed.includes(value as string)) return;
  const list = allowed.map((name) => JSON.stringify(name)).join(", ");
  throw refusal(figure, option, `is ${JSON.stringify(value)}`, `give one of ${list}`);
}

/** @throws SkbookError `BAD_PARAMETER` where the value is no whole number in the range. */
export function wholeNumber(
  figure: string,
  option: string,
  value: unknown,
  least: number,
  most: number,
): void {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return;
  throw refusal(figure, option, `is ${String(value)}`, `give a whole number from ${least} to ${most}`);
}

/** @throws SkbookError `BAD_PARAMETER` where the value is no whole number of nanoseconds, or less than the least. */
export function nanoseconds(figure: string, option: string, value: unknown, least?: bigint): void {
  const whole = typeof value === "bigint" || Number.isSafeInteger(value);
  if (whole && (least === undefined || BigInt(value as bigint | number) >= least)) return;
  throw refusal(
    figure,
    option,
    `is ${String(value)}`,
    `give a whole number of nanoseconds${least === undefined ? "" : ` from ${least}`}`,
  );
}
