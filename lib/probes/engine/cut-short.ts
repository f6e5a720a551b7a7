import type { Account } from "./account.js";
import { isTimeOver, tickPeriodMs } from "./lifecycle.js";
import type { RunOutcome } from "./run.js";

/**
 * Why a run whose program ended without an error measured for less than it was asked to; null where it didn't. A signal from whoever works on the host
 * ends bpftrace as its time does, with 0: only the program's own clock tells them apart.
 *
 * @param seconds how long it was to measure.
 * @param asked whether it could be told from here to end before.
 */
export function cutShort(
  seconds: number,
  { exitCode, endedEarly }: Pick<RunOutcome, "exitCode" | "endedEarly">,
  { firstTick, end, counted }: Pick<Account, "firstTick" | "end" | "counted">,
  asked: boolean,
): string | null {
  if (exitCode !== 0) return null;
  if (firstTick !== null && end !== null && isTimeOver(seconds, firstTick, end)) return null;
  // Cases from before it was kept don't say whether it was.
  if ((endedEarly ?? asked) && counted) return null;
  const why = "bpftrace ended without an error, as where somebody on the host ends it";
  if (firstTick === null || end === null) return `${why}, and its program didn't say when`;
  const measured = Number(BigInt(end) - BigInt(firstTick)) / 1e9 + tickPeriodMs(seconds) / 1_000;
  return `it measured for ${measured.toFixed(1)} of ${seconds} s: ${why}`;
}
