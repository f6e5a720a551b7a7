import { bpftrace, Fragment, integer } from "./program.js";

/** First word of the lines that carry rows. */
export const rowWord = "row";
/** How many rows the program printed, counted per CPU in the kernel: against it, loss is exact. */
export const emittedMap = "@emitted";
/** Keeps {@link emitRow} at its limit. */
export const printedMap = "@printed";
/** How many events matched, whether printed or not. */
export const matchedMap = "@matched";

const tickMilliseconds = 250;

/**
 * Counts an event that matched and prints it as a row of tab-separated fields. What is printed is counted in the kernel, so that a
 * row which gets lost on its way is missed. Stands in an action, behind all filters.
 *
 * @param format printf format of the fields, tab-separated; text of unknown content goes last.
 * @param expressions program text of the fields.
 * @param maxEvents prints, but goes on counting, no more than so many rows (a few more where CPUs race).
 */
export function emitRow(format: string, expressions: readonly string[], maxEvents: number): Fragment {
  const row = new Fragment(`"${rowWord}\\t${format}\\n", ${expressions.join(", ")}`);
  return bpftrace`@matched = count(); if (@printed < ${integer(maxEvents)}) { @printed++; @emitted = count(); printf(${row}); }`;
}

/**
 * The program with its own signs of life around it: `begin` and `end` with the program's clock, and ticks. Only a tick proves that
 * every hook is attached; bpftrace's own word does not.
 */
export function withSignsOfLife(clauses: Fragment, seconds: number): string {
  return bpftrace`BEGIN { printf("begin\t%llu\n", nsecs); }
${clauses}
interval:ms:${integer(tickMilliseconds)} { printf("tick\t%llu\n", nsecs); }
interval:ms:${integer(Math.round(seconds * 1_000))} { exit(); }
END { printf("end\t%llu\n", nsecs); }
`.text;
}
