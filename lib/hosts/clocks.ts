import type { Snapshot } from "./sections.js";

/** The clocks of a host at one instant, in nanoseconds as decimal text (JSON has no 64-bit integers). */
export interface ClockReading {
  /** CLOCK_MONOTONIC, CLOCK_BOOTTIME and CLOCK_REALTIME (Unix epoch) of the same instant. */
  monotonic_ns: string;
  boottime_ns: string;
  realtime_ns: string;
  /** Bound of the error of `realtime_ns` against the others. */
  error_ns: string;
}

/** First word of the lines that {@link clocksFunction} writes. */
export const clockWord = "skbook-clock";

/**
 * A shell function that writes what the clocks show, on lines of its own: `clocks start`. /proc/timer_list has the offsets between the kernel's
 * clocks, exact; only root may read it.
 */
export const clocksFunction =
  "clocks() { { date +%s%N; cut -d' ' -f1 /proc/uptime; " +
  "grep -e '^now at' -e '^ clock [0-2]:' -e '\\.offset:' /proc/timer_list | head -n 16; date +%s%N; } 2>/dev/null | " +
  `sed "s/^/${clockWord} $1 /"; }`;

/** The clocks, from the lines of one call of that function without their first two words; null where the host can't tell. */
export function parseClockLines(lines: readonly string[]): ClockReading | null {
  const [before = "", uptime = "", ...rest] = lines;
  return parseClocks({ before, uptime, timers: rest.slice(0, -1).join("\n"), after: rest.at(-1) ?? "" });
}

function parseClocks({ before, uptime, timers = "", after }: Snapshot): ClockReading | null {
  const monotonic = /^now at (\d{1,19}) nsecs$/m.exec(timers)?.[1];
  const realtime = offsetOf(timers, 1);
  const boottime = offsetOf(timers, 2);
  if (monotonic !== undefined && realtime !== undefined && boottime !== undefined) {
    const now = BigInt(monotonic);
    return {
      monotonic_ns: String(now),
      boottime_ns: String(now + boottime),
      realtime_ns: String(now + realtime),
      error_ns: "1000",
    };
  }
  const boot = /^(\d{1,10})\.(\d\d)$/.exec(uptime ?? "");
  if (boot === null || !isNanoseconds(before) || !isNanoseconds(after)) return null;
  // Without root there is only the uptime, in hundredths, between two readings of the real-time clock.
  const hundredths = String(BigInt(`${boot[1]}${boot[2]}0000000`));
  const [first, last] = [BigInt(before), BigInt(after)];
  return {
    monotonic_ns: hundredths,
    boottime_ns: hundredths,
    realtime_ns: String((first + last) / 2n),
    error_ns: String((last - first) / 2n + 10_000_000n),
  };
}

/** The offset of a clock base to CLOCK_MONOTONIC, as the first CPU has it. */
function offsetOf(timers: string, index: number): bigint | undefined {
  const found = new RegExp(`^ clock ${index}:[^]*?\\.offset:\\s+(\\d{1,19}) nsecs`, "m").exec(timers)?.[1];
  return found === undefined ? undefined : BigInt(found);
}

function isNanoseconds(text: string | undefined): text is string {
  return text !== undefined && /^\d{15,19}$/.test(text);
}
