import { bpf, defineHistogram, type Probe } from "../../lib/probes/index.js";
import type { OffCpuSummaryParameters } from "../parameters.js";
import {
  kernelStackField,
  off,
  offCpuClause,
  offCpuFilters,
  processField,
  stateField,
  switched,
  userStackField,
  wasPreempted,
} from "./off-cpu.js";
import { commandField, readCommand, stacksParameter, threadField } from "./threads.js";

/**
 * Measures how long threads were off their CPU, and where they were then: what a thread waits for stands in its stack. Every switch costs the host some microseconds with stacks: the
 * result says how much it was; name threads or a process on a busy host.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `threads`, up to 16 numbers as `ps -eLo tid` has them; `command` that a thread has as its name; `process`, its number (default all
 * threads); `stacks`, how many functions deep (1 to 64, default 16); `by`, any of command, thread, process, state, stack, user_stack (default command, state, stack).
 *
 * Columns:
 * - `command` VARCHAR: name of the thread
 * - `state` VARCHAR: state that it was in, as `ps` shows it: S waits and can be interrupted, D waits and can't, T was stopped, I
 *   is an idle thread of the kernel, R could have gone on
 * - `stack` VARCHAR: functions of the kernel that it was in, innermost first; null: not taken
 * - `interval` VARCHAR: blocked: from when it gave its CPU up, to wait for something, until it runs again; preempted: from when
 *   it was put off its CPU, and could have gone on, until it runs again
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
 * A thread that slept already as the probe began, or still sleeps as it ends, is not counted for that time. A worker that waits for work is off its CPU as it should be: look for stacks of
 * locks, disks and memory. Time in a run queue after the wake-up is in it: {@link wakeupSummary} has that apart. {@link flameGraph} draws the stacks.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await offCpuSummary(host, { seconds: 10, process: 4242, by: ["command", "stack", "user_stack"] })
 */
export const offCpuSummary: Probe<OffCpuSummaryParameters, "frame"> = defineHistogram({
  name: "offCpuSummary",
  revision: 2,
  measures: "how long threads were off their CPU, and where they were then",
  hooks: { required: [switched] },
  filters: offCpuFilters,
  parameters: {
    stacks: stacksParameter,
  },
  by: {
    command: commandField,
    thread: threadField,
    process: processField,
    state: stateField,
    stack: kernelStackField(true),
    user_stack: userStackField(true),
  },
  usual: ["command", "state", "stack"],
  intervals: {
    blocked: "from when it gave its CPU up, to wait for something, until it runs again",
    preempted: "from when it was put off its CPU, and could have gone on, until it runs again",
  },
  program: ({ sample, by, parameters, ...writing }) =>
    offCpuClause(writing, {
      byCommand: parameters.command !== undefined,
      withProcess: by.includes("process"),
      kernel: by.includes("stack") ? parameters.stacks : 0,
      user: by.includes("user_stack") ? parameters.stacks : 0,
      atReturn: (at) => bpf`${by.includes("command") ? readCommand(at, "next_comm") : bpf``}
  ${sample(at, wasPreempted, off.since, off.now)}`,
    }),
});
