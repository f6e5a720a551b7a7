import {
  type Bpf,
  BpfMap,
  bpf,
  command as currentCommand,
  defineRows,
  field,
  nameOf,
  numbers,
  type Probe,
} from "../../lib/probes/index.js";
import type { WakeupEventsParameters } from "../parameters.js";
import {
  commandField,
  cpuField,
  readCommand,
  slowerThanUs,
  thread,
  threadField,
  threadFilters,
} from "./threads.js";
import { idleStateField, moments, wakeupClauses, wakeupHooks } from "./wakeups.js";

/** By thread, of its last wake-up: what ran on the CPU that woke it, which that was, and which one was chosen for it. */
const wakerThread = new BpfMap("waker", false);
const wakerCommand = new BpfMap("waker_name", false, 16);
const wakerCpu = new BpfMap("waker_cpu", false);
const chosenCpu = new BpfMap("chosen_cpu", false);

const took = (name: string, meaning: string, from: Bpf, to: Bpf) =>
  field({ name, type: "BIGINT", unit: "ns", meaning, say: () => bpf`${to} - ${from}` });

/**
 * Shows the wake-ups after which a thread took long to run, one row each: who woke it, which CPU was chosen, whether that was asleep, and what ran on it until then. Look at
 * {@link wakeupSummary} first.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `slowerThanUs`, from the wake-up until the thread runs (default 1,000; 0 for all); `threads`, up to 16 numbers as `ps -eLo tid` has
 * them; `command` that a thread has as its name (default all threads); `maxEvents` (default 10,000: rows at most).
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: when, by the host's real-time clock
 * - `thread` BIGINT: number of the thread
 * - `command` VARCHAR: name of the thread
 * - `waker_thread` BIGINT: thread that ran on the CPU that woke it; 0: that was idle
 * - `waker` VARCHAR: its name
 * - `waker_cpu` INTEGER: CPU that woke it
 * - `chosen_cpu` INTEGER: CPU in whose run queue it was put
 * - `cpu` INTEGER: CPU that it then ran on
 * - `idle_state` VARCHAR: state of idleness that the CPU came out of for it, as its folder in
 *   /sys/devices/system/cpu/cpu0/cpuidle is named; none: the CPU was not idle; null: the kernel does not say
 * - `waking_ns` BIGINT, ns: from the wake-up call until it was in the run queue
 * - `queued_ns` BIGINT, ns: from there until it ran
 * - `whole_ns` BIGINT, ns: from the wake-up call until it ran
 * - `before_thread` BIGINT: thread that had the CPU until then; 0: it was idle
 * - `before` VARCHAR: its name
 *
 * What ran on the waking CPU woke the thread itself, or was interrupted by what did. `before` is who had the CPU while the thread waited, at the end of its wait: swapper is the
 * idle task. Wake-ups by clocks of two CPUs that don't agree can have a negative part.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await wakeupEvents(host, { seconds: 10, command: "vhost-4242", slowerThanUs: 500 })
 */
export const wakeupEvents: Probe<WakeupEventsParameters, "table"> = defineRows({
  name: "wakeupEvents",
  revision: 1,
  measures: "wake-ups after which a thread took long to run, one row each",
  hooks: wakeupHooks,
  summary: "wakeupSummary",
  mapKeys: 65_536,
  filters: threadFilters,
  parameters: { slowerThanUs: slowerThanUs("from the wake-up until the thread runs") },
  fields: [
    threadField,
    commandField,
    field({
      name: "waker_thread",
      type: "BIGINT",
      meaning: "thread that ran on the CPU that woke it; 0: that was idle",
      say: () => wakerThread.at(thread),
    }),
    field({
      name: "waker",
      type: "VARCHAR",
      meaning: "its name",
      words: ["text"],
      say: () => wakerCommand.textAt(thread),
    }),
    field({
      name: "waker_cpu",
      type: "INTEGER",
      meaning: "CPU that woke it",
      say: () => wakerCpu.at(thread),
    }),
    field({
      name: "chosen_cpu",
      type: "INTEGER",
      meaning: "CPU in whose run queue it was put",
      say: () => chosenCpu.at(thread),
    }),
    cpuField,
    idleStateField,
    took("waking_ns", "from the wake-up call until it was in the run queue", moments.waking, moments.queued),
    took("queued_ns", "from there until it ran", moments.queued, moments.running),
    took("whole_ns", "from the wake-up call until it ran", moments.waking, moments.running),
    field({
      name: "before_thread",
      type: "BIGINT",
      meaning: "thread that had the CPU until then; 0: it was idle",
      say: (at) => at.arg("prev_pid"),
    }),
    field({
      name: "before",
      type: "VARCHAR",
      meaning: "its name",
      words: numbers(2),
      say(at) {
        const { first, second } = at.argName("prev_comm");
        return [first, second];
      },
      read: ([first = "0", second = "0"]) => nameOf(first, second),
    }),
  ],
  program: ({ emit, parameters, ...writing }) =>
    wakeupClauses(writing, {
      byCommand: parameters.command !== undefined,
      withIdle: true,
      atWaking: () => bpf`${wakerThread.at(thread)} = tid; ${wakerCommand.at(thread)} = ${currentCommand};
  ${wakerCpu.at(thread)} = cpu;`,
      atQueued: (at) => bpf`${chosenCpu.at(thread)} = ${at.arg("target_cpu")};`,
      atRunning: (
        at,
      ) => bpf`if (${moments.running} - ${moments.waking} < ${parameters.slowerThanUs * 1_000}) { return; }
  ${readCommand(at, "next_comm")}
  ${emit(at)}`,
    }),
});
