import type { ClockReading } from "../../hosts/index.js";

/**
 * Turns a program's `nsecs` into nanoseconds since 1970. Whether they count CLOCK_MONOTONIC or CLOCK_BOOTTIME depends on kernel and
 * bpftrace; the two differ by the time that the host slept, so the one nearer to the program's begin is it.
 */
export class UnixTime {
  readonly clock: "CLOCK_MONOTONIC" | "CLOCK_BOOTTIME" | null;
  private readonly offset: bigint | null;

  constructor(reading: ClockReading | null, begin: string | null) {
    if (reading === null || begin === null) {
      this.clock = null;
      this.offset = null;
      return;
    }
    const distance = (clock: string) => magnitude(BigInt(begin) - BigInt(clock));
    const boottime = distance(reading.boottime_ns) <= distance(reading.monotonic_ns);
    this.clock = boottime ? "CLOCK_BOOTTIME" : "CLOCK_MONOTONIC";
    this.offset = BigInt(reading.realtime_ns) - BigInt(boottime ? reading.boottime_ns : reading.monotonic_ns);
  }

  of(nsecs: string): bigint | null {
    if (this.offset === null) return null;
    const time = BigInt(nsecs) + this.offset;
    if (time === BigInt.asIntN(64, time)) return time;
    throw new Error(`${nsecs.slice(0, 40)} is no time of a host's clock`);
  }

  iso(nsecs: string | null): string | null {
    const time = nsecs === null ? null : this.of(nsecs);
    return time === null ? null : new Date(Number(time / 1_000_000n)).toISOString();
  }
}

/** How far the host's real-time clock was moved against its monotonic one between two readings, in ns. */
export function clockStep(start: ClockReading | null, end: ClockReading | null): bigint | null {
  if (start === null || end === null) return null;
  const offset = (reading: ClockReading) => BigInt(reading.realtime_ns) - BigInt(reading.monotonic_ns);
  return offset(end) - offset(start);
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
