import {
  type Bpf,
  BpfMap,
  bpf,
  defineHistogram,
  type HookAt,
  type Hooks,
  type Probe,
} from "../../lib/probes/index.js";
import type { RunQueueSummaryParameters } from "../parameters.js";
import { commandField, cpuField, readCommand, thread, threadField, threadFilters } from "./threads.js";

const woken = ["tracepoint:sched:sched_wakeup", "tracepoint:sched:sched_wakeup_new"] as const;
const switched = "tracepoint:sched:sched_switch";
const hooks: Hooks = { required: [switched, ...woken] };

/** By thread, when it came into the run queue, and in bit 0 whether it had been running. */
const queued = new BpfMap("queued", false);

/**
 * Measures how long threads that could run waited for a CPU, in the kernel: since they were woken, and since they were put off their CPU while they
 * still had work. Every switch costs the host about a microsecond: the result says how much it was.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `threads`, up to 16 numbers as `ps -eLo tid` has them; `command` that a thread has as its name
 * (default all threads); `by`, any of command, thread, cpu (default command).
 *
 * Columns:
 * - `command` VARCHAR: name of the thread
 * - `interval` VARCHAR: woken: from its wake-up until it runs; preempted: from when it was put off its CPU, and could have gone
 *   on, until it runs again
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
 * The idle threads wait for nothing, and are left out. What waits already as the probe begins, or still as it ends, is not counted.
 * `total_ns` of a thread's two intervals is what the second number of `/proc/PID/task/TID/schedstat` grows by.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await runQueueSummary(host, { seconds: 10, command: "vhost-4242", by: ["thread", "cpu"] })
 */
export const runQueueSummary: Probe<RunQueueSummaryParameters, "frame"> = defineHistogram({
  name: "runQueueSummary",
  revision: 3,
  measures: "how long threads waited for a CPU, as a distribution that the kernel keeps",
  hooks,
  filters: threadFilters,
  by: { command: commandField, thread: threadField, cpu: cpuField },
  usual: ["command"],
  intervals: {
    woken: "from its wake-up until it runs",
    preempted: "from when it was put off its CPU, and could have gone on, until it runs again",
  },
  program({ on, filtered, sample, by, parameters }) {
    // Of threads that nobody asked for nothing is kept.
    const queues = (at: HookAt, name: string, when: Bpf) =>
      filtered(
        at,
        parameters.command === undefined ? bpf`` : readCommand(at, name),
        bpf`${queued.at(thread)} = ${when};`,
      );
    return [
      ...woken.map((hook) =>
        on(hook, (at) => bpf`${thread} = ${at.arg("pid")}; ${queues(at, "comm", bpf`nsecs << 1`)}`),
      ),
      on(
        switched,
        (at) => bpf`$now = nsecs; ${thread} = ${at.arg("next_pid")}; $since = ${queued.at(thread)};
  if ($since > 0) {
  delete(${queued.at(thread)}); $began = $since >> 1;
  ${by.includes("command") ? readCommand(at, "next_comm") : bpf``}
  ${sample(at, bpf`$since & 1`, bpf`$began`, bpf`$now`)} }
  ${thread} = ${at.arg("prev_pid")};
  if (${thread} == 0 || (${at.arg("prev_state")} & 0xff) != 0) { return; }
  ${queues(at, "prev_comm", bpf`$now << 1 | 1`)}`,
      ),
    ];
  },
});
