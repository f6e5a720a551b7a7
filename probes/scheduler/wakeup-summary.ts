import { BpfMap, bpf, defineHistogram, field, type Probe } from "../../lib/probes/index.js";
import type { WakeupSummaryParameters } from "../parameters.js";
import { commandField, cpuField, readCommand, thread, threadField, threadFilters } from "./threads.js";
import { idleStateField, moments, wakeupClauses, wakeupHooks } from "./wakeups.js";

/** By thread: the CPU that woke it. */
const wakerCpu = new BpfMap("waker_cpu", false);

/**
 * Measures how long threads took from their wake-up until they ran, in the kernel, and in which state of idleness their CPU was: one that sleeps deeply takes long to come back. Every
 * wake-up costs the host about two microseconds: the result says how much it was.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `threads`, up to 16 numbers as `ps -eLo tid` has them; `command` that a thread has as its name
 * (default all threads); `by`, any of command, thread, cpu, waker_cpu, idle_state (default idle_state).
 *
 * Columns:
 * - `idle_state` VARCHAR: state of idleness that the CPU came out of for it, as its folder in
 *   /sys/devices/system/cpu/cpu0/cpuidle is named; none: the CPU was not idle; null: the kernel does not say
 * - `interval` VARCHAR: waking: from the wake-up call until the thread is in the run queue of a CPU; queued: from there until it
 *   runs; whole: from the wake-up call until it runs
 * - `count` BIGINT: samples
 * - `total_ns` BIGINT, ns: sum of them; null where it isn't known
 * - `avg_ns` DOUBLE, ns: mean of them; null with their sum
 * - `p50_low_ns` BIGINT, ns: percentile 50: bound below
 * - `p50_high_ns` BIGINT, ns: percentile 50: bound above
 * - `p90_low_ns` BIGINT, ns: percentile 90: bound below
 * - `p90_high_ns` BIGINT, ns: percentile 90: bound above
 * - `p99_low_ns` BIGINT, ns: percentile 99: bound below
 * - `p99_high_ns` BIGINT, ns: percentile 99: bound above
 * - `p999_low_ns` BIGINT, ns: percentile 99.9: bound below
 * - `p999_high_ns` BIGINT, ns: percentile 99.9: bound above
 * - `max_low_ns` BIGINT, ns: the longest: bound below
 * - `max_high_ns` BIGINT, ns: the longest: bound above
 *
 * What was woken before the probe began, or does not run before it ends, is not counted, nor is a new thread's first run. A CPU that is idle is woken by an interrupt where it
 * doesn't watch a flag: its way out of the idle state is in `waking` then, else in `queued`; it is in `whole` always. {@link cpuFacts} has the states' names, and what the firmware
 * says of them. {@link runQueueSummary} counts threads that were put off their CPU, too.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await wakeupSummary(host, { seconds: 10, command: "vhost-4242", by: ["cpu", "idle_state"] })
 */
export const wakeupSummary: Probe<WakeupSummaryParameters, "frame"> = defineHistogram({
  name: "wakeupSummary",
  revision: 2,
  measures:
    "how long threads took from their wake-up until they ran, as a distribution that the kernel keeps",
  hooks: wakeupHooks,
  filters: threadFilters,
  by: {
    command: commandField,
    thread: threadField,
    cpu: cpuField,
    waker_cpu: field({
      name: "waker_cpu",
      type: "INTEGER",
      meaning: "CPU that woke it",
      say: () => bpf`${wakerCpu.at(thread)}`,
    }),
    idle_state: idleStateField,
  },
  usual: ["idle_state"],
  intervals: {
    waking: "from the wake-up call until the thread is in the run queue of a CPU",
    queued: "from there until it runs",
    whole: "from the wake-up call until it runs",
  },
  program: ({ sample, by, parameters, ...writing }) =>
    wakeupClauses(writing, {
      byCommand: parameters.command !== undefined,
      withIdle: by.includes("idle_state"),
      atWaking: () => (by.includes("waker_cpu") ? bpf`${wakerCpu.at(thread)} = cpu;` : bpf``),
      atRunning: (at) => bpf`${by.includes("command") ? readCommand(at, "next_comm") : bpf``}
  ${sample(at, "waking", moments.waking, moments.queued)}
  ${sample(at, "queued", moments.queued, moments.running)}
  ${sample(at, "whole", moments.waking, moments.running)}`,
    }),
});
