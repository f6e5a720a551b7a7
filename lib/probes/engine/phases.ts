import type { ClockReading } from "../../hosts/index.js";
import type { Account } from "./account.js";
import { tickPeriodMs } from "./lifecycle.js";
import type { UnixTime } from "./unix-time.js";

/** How long the parts of a run took, by the host's clock. A type, so that it is JSON. */
export type Phases = {
  /** From the start of the command until every hook was attached. */
  attachMs: number;
  /** With every hook attached. */
  measureMs: number;
  /** From the end of that until the program was gone. */
  detachMs: number;
};

/** The parts of a run; null where the host's clocks, or the program's first tick or end are not known. */
export function phasesOf(
  seconds: number,
  { firstTick, end }: Pick<Account, "firstTick" | "end">,
  { start, end: stop }: { start: ClockReading | null; end: ClockReading | null },
  { clock }: Pick<UnixTime, "clock">,
): Phases | null {
  if (firstTick === null || end === null || start === null || stop === null) return null;
  const read = (reading: ClockReading) =>
    BigInt(clock === "CLOCK_BOOTTIME" ? reading.boottime_ns : reading.monotonic_ns);
  // The timer is attached last, and ticks a period later.
  const attached = BigInt(firstTick) - BigInt(tickPeriodMs(seconds)) * 1_000_000n;
  const ms = (from: bigint, to: bigint) => Math.max(0, Math.round(Number(to - from) / 1e6));
  return {
    attachMs: ms(read(start), attached),
    measureMs: ms(attached, BigInt(end)),
    detachMs: ms(BigInt(end), read(stop)),
  };
}
