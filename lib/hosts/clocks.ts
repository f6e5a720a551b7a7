import { readText } from "./bytes.js";
import type { Host } from "./host.js";

/** The clocks of a host at one instant, in nanoseconds as decimal text (JSON has no 64-bit integers). */
export interface ClockReading {
  /** CLOCK_MONOTONIC, CLOCK_BOOTTIME and CLOCK_REALTIME (Unix epoch) of the same instant. */
  monotonic_ns: string;
  boottime_ns: string;
  realtime_ns: string;
  /** Bound of the error of `realtime_ns` against the others. */
  error_ns: string;
}

/** /proc/timer_list has the offsets between the kernel's clocks, exact; only root may read it. */
const script = "date +%s%N; head -n 200 /proc/timer_list; cut -d' ' -f1 /proc/uptime; date +%s%N";

/** Reads the clocks of a host; null where it can't tell. Not recorded: the run that needs it keeps it. */
export async function readClocks(host: Host): Promise<ClockReading | null> {
  const execution = host.start(["sh", "-c", `exec 2>/dev/null; ${script}`], {
    root: true,
    deadlineSeconds: 10,
  });
  const text = await readText(execution, 2 ** 20);
  await execution.ended;
  return parseClocks(text);
}

export function parseClocks(text: string): ClockReading | null {
  const lines = text.trim().split("\n");
  const before = digits(lines[0]);
  const after = digits(lines.at(-1));
  if (before === undefined || after === undefined) return null;
  const monotonic = /^now at (\d+) nsecs$/m.exec(text)?.[1];
  const realtime = offsetOf(text, 1);
  const boottime = offsetOf(text, 2);
  if (monotonic !== undefined && realtime !== undefined && boottime !== undefined) {
    const now = BigInt(monotonic);
    return {
      monotonic_ns: String(now),
      boottime_ns: String(now + boottime),
      realtime_ns: String(now + realtime),
      error_ns: "1000",
    };
  }
  const uptime = /^(\d+)\.(\d\d)$/m.exec(lines.at(-2) ?? "");
  if (uptime === null) return null;
  // Without root there is only the uptime, in hundredths, bracketed by two readings of the real-time clock.
  const boot = BigInt(`${uptime[1]}${uptime[2]}0000000`);
  return {
    monotonic_ns: String(boot),
    boottime_ns: String(boot),
    realtime_ns: String((before + after) / 2n),
    error_ns: String((after - before) / 2n + 10_000_000n),
  };
}

/** The offset of a clock base to CLOCK_MONOTONIC, as the first CPU has it. */
function offsetOf(text: string, index: number): bigint | undefined {
  const found = new RegExp(`^ clock ${index}:[^]*?\\.offset:\\s+(\\d+) nsecs`, "m").exec(text)?.[1];
  return found === undefined ? undefined : BigInt(found);
}

function digits(line: string | undefined): bigint | undefined {
  return line !== undefined && /^\d{15,}$/.test(line) ? BigInt(line) : undefined;
}
