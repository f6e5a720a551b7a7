import { expect, test } from "vitest";
import type { ClockReading } from "../../lib/hosts/index.js";
import { phasesOf } from "../../lib/probes/engine/phases.js";

const reading = (ms: number): ClockReading => ({
  monotonic_ns: String(ms * 1_000_000),
  boottime_ns: String((ms + 50_000) * 1_000_000),
  realtime_ns: "1",
  error_ns: "1000",
});
const nsecs = (ms: number) => String(ms * 1_000_000);
const clocks = { start: reading(1_000), end: reading(9_000) };
const account = { firstTick: nsecs(3_250), end: nsecs(8_000) };

test("a run's parts are told by the host's clock: the first tick comes a period after all is attached", () => {
  const parts = { attachMs: 2_000, measureMs: 5_000, detachMs: 1_000 };
  expect(phasesOf(5, account, clocks, { clock: "CLOCK_MONOTONIC" })).toEqual(parts);
  const slept = { firstTick: nsecs(53_250), end: nsecs(58_000) };
  expect(phasesOf(5, slept, clocks, { clock: "CLOCK_BOOTTIME" })).toEqual(parts);
});

test("where one of its ends is not known, neither are they", () => {
  const clock = { clock: "CLOCK_MONOTONIC" } as const;
  expect(phasesOf(5, { ...account, firstTick: null }, clocks, clock)).toBeNull();
  expect(phasesOf(5, { ...account, end: null }, clocks, clock)).toBeNull();
  expect(phasesOf(5, account, { ...clocks, end: null }, clock)).toBeNull();
});
