import { SkbookError } from "../../errors/index.js";
import type { Target } from "../target.js";
import { beforeTheEnd, endClauses, endsWhenRead, isMeasuring } from "./ending.js";
import { bpftrace, Fragment, integer } from "./program.js";

/** First word of the lines that carry rows. */
export const rowWord = "row";
/** How many rows the program printed by hook, counted per CPU in the kernel: against it, loss is exact. */
export const emittedMap = "@emitted";
/** How many rows the program did not print, since too many came in a second, by hook. */
export const suppressedMap = "@suppressed";
/** How many events matched, whether printed or not; by hook where rows are printed. */
export const matchedMap = "@matched";
/** How many calls of interest a program saw begin, and return, by the hook of the return: one without its return has no row. */
export const enteredMap = "@entered";
export const returnedMap = "@returned";
/** Keep {@link emitRow} at its limits: rows printed, and rows that may still be printed before the next tick. */
export const limitMaps: readonly string[] = ["@printed", "@left"];

const ticksPerSecond = 4;

/**
 * Counts an event that matched and prints it as a row of tab-separated fields. What is printed is counted in the kernel, so that a
 * row which gets lost on its way is missed; so is what is not printed since too many come in a second. Stands in an action, behind all filters.
 *
 * @param format printf format of the fields, tab-separated; text of unknown content goes last.
 * @param expressions program text of the fields.
 * @param maxEvents prints, but goes on counting, no more than so many rows (a few more where CPUs race).
 * @param hook which of the probe's hooks the action stands behind: losses are told by hook.
 */
export function emitRow(
  format: string,
  expressions: readonly string[],
  maxEvents: number,
  hook = "",
): Fragment {
  if (!isHook(hook)) throw notAHook(hook);
  const row = new Fragment(`"${rowWord}:${hook}\\t${format}\\n", ${expressions.join(", ")}`);
  const key = new Fragment(`["${hook}"]`);
  return bpftrace`if (${isMeasuring}) { @matched${key} = count(); if (@printed < ${integer(maxEvents)}) {
    if (@left > 0) { @left--; @printed++; @emitted${key} = count(); printf(${row}); } else { @suppressed${key} = count(); } } }`;
}

/**
 * Statements that count a call, of a program with rows: to stand where its entry is kept, and in front of all else where it returns.
 *
 * @param hook that of the return, which rows are printed behind.
 */
export function countCall(hook: string): { entered: Fragment; returned: Fragment } {
  if (!isHook(hook)) throw notAHook(hook);
  const counted = (map: string) => new Fragment(`${map}["${hook}"] = count();`);
  return { entered: counted(enteredMap), returned: counted(returnedMap) };
}

/**
 * The program with its own signs of life around it: `begin`, `over` and `end` with the program's clock, and ticks. Only a tick proves
 * that every hook is attached; bpftrace's own word does not.
 *
 * @param maxEventsPerSecond what {@link emitRow} keeps to; null for a summary.
 */
export function withSignsOfLife(
  clauses: Fragment,
  seconds: number,
  maxEventsPerSecond: number | null,
  target: Target,
): string {
  const withRows = maxEventsPerSecond !== null;
  const refill = withRows
    ? bpftrace`@left = ${integer(Math.ceil(maxEventsPerSecond / ticksPerSecond))}; `
    : bpftrace``;
  return bpftrace`BEGIN { ${beforeTheEnd} ${refill}printf("begin\t%llu\n", nsecs); }
${clauses}
interval:ms:${integer(1_000 / ticksPerSecond)} { ${refill}printf("tick\t%llu\n", nsecs); ${withRows ? endsWhenRead : bpftrace``} }
${endClauses(Math.round(seconds * 1_000), withRows, target)}
END { printf("end\t%llu\n", nsecs); }
`.text;
}

function isHook(hook: string): boolean {
  return /^[\w:./-]*$/.test(hook);
}

function notAHook(hook: string): SkbookError {
  return new SkbookError({
    code: "NOT_PROGRAM_TEXT",
    tried: "count what comes by a hook",
    failed: `${JSON.stringify(hook)} is no hook`,
    todo: "give one of the probe's hooks as they are written there",
  });
}
