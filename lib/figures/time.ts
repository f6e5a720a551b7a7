import type { Provenance } from "../tables/index.js";

/** A stretch of time: Unix epoch, nanoseconds. */
export interface Span {
  startNs: bigint;
  endNs: bigint;
}

const second = 1_000_000_000n;

/**
 * The time that a figure shows: of the whole run, so that silence before the first event is seen, where the run's
 * times and the events' agree to a second; else from the first event to the last. Null without either.
 */
export function shownSpan({ startedAt, endedAt }: Provenance, events: Span | null): Span | null {
  const run =
    startedAt !== null && endedAt !== null ? { startNs: parse(startedAt), endNs: parse(endedAt) } : null;
  if (run === null || events === null) return run ?? events;
  const agree = events.startNs >= run.startNs - second && events.endNs <= run.endNs + second;
  if (!agree) return events;
  return { startNs: least(run.startNs, events.startNs), endNs: -least(-run.endNs, -events.endNs) };
}

function parse(time: string): bigint {
  return BigInt(Date.parse(time)) * 1_000_000n;
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** "2026-11-23 04:56:52.123 to 04:57:02.123 UTC": to the millisecond, the date once where it is the same. */
export function spanText({ startNs, endNs }: Span): string {
  const [start, end] = [startNs, endNs].map((ns) => new Date(Number(ns / 1_000_000n)).toISOString());
  const [day, time] = (start ?? "").slice(0, -1).split("T");
  const [endDay, endTime] = (end ?? "").slice(0, -1).split("T");
  return `${day} ${time} to ${endDay === day ? "" : `${endDay} `}${endTime} UTC`;
}

/** Seconds as a number for an axis, exact to the nanosecond within a few hours. */
export function seconds(ns: bigint): number {
  return Number(ns) / 1e9;
}

/** The shortest of 1, 2, 5, 10, 20, 50... nanoseconds of which at most `bins` cover the span. */
export function binWidth({ startNs, endNs }: Span, bins: number): bigint {
  const least = (endNs - startNs) / BigInt(bins) + 1n;
  for (let decade = 1n; ; decade *= 10n) {
    for (const step of [1n, 2n, 5n]) if (step * decade >= least) return step * decade;
  }
}

/** "100 ms": a duration in the unit that makes it shortest. */
export function durationText(ns: bigint): string {
  for (const [unit, name] of [
    [second, "s"],
    [1_000_000n, "ms"],
    [1_000n, "µs"],
  ] as const) {
    if (ns % unit === 0n) return `${ns / unit} ${name}`;
  }
  return `${ns} ns`;
}

/** "1.45 s", "12.3 ms": a duration to three digits, in the unit in which it is at least 1. */
export function approximately(ns: number): string {
  const unit = unitOf(ns);
  return `${Number((ns / unit.ns).toPrecision(3))} ${unit.name}`;
}

/** A unit of time for an axis. */
export interface TimeUnit {
  name: "s" | "ms" | "µs" | "ns";
  ns: number;
}

const timeUnits: readonly TimeUnit[] = [
  { name: "s", ns: 1e9 },
  { name: "ms", ns: 1e6 },
  { name: "µs", ns: 1e3 },
  { name: "ns", ns: 1 },
];

/** The largest unit in which a duration is at least 1. */
export function unitOf(ns: number): TimeUnit {
  return timeUnits.find((unit) => Math.abs(ns) >= unit.ns) ?? { name: "ns", ns: 1 };
}
