import { z } from "zod";
import {
  BpfMap,
  bpf,
  defineHistogram,
  errorName,
  field,
  type HookAt,
  type Probe,
  readAt,
  signed32,
  userStack,
} from "../../lib/probes/index.js";
import type { LockSummaryParameters } from "../parameters.js";
import {
  forget,
  hexadecimal,
  keptStackField,
  refuseCommandAndStack,
  runningCommandField,
  stacksParameter,
  thread,
  threadField,
  threadFilters,
} from "./threads.js";

const functions = ["pthread_mutex_lock", "pthread_rwlock_rdlock", "pthread_rwlock_wrlock"] as const;
const entry = (name: string) => `uprobe:${name}`;
const back = (name: string) => `uretprobe:${name}`;
const hooks = functions.flatMap((name) => [back(name), entry(name)]);

/** By thread: when its call began, of which lock, from where. */
const began = new BpfMap("began", false);
const lockOf = new BpfMap("lock", false);
const callerOf = new BpfMap("caller", false);
const stackThen = new BpfMap("user", false);

/** Where a function that has just been called returns to. */
function returnAddress({ target }: HookAt) {
  return target.snapshot.machine === "aarch64" ? bpf`reg("r30")` : readAt(bpf`uptr(reg("sp"))`, 8);
}

/**
 * Measures how long a process takes to get its locks, in its calls of pthread_mutex_lock(3), pthread_rwlock_rdlock(3) and pthread_rwlock_wrlock(3), by the address of the lock: which lock its threads fight for, and who calls. The functions are found in
 * the file that the process has mapped as its C library, whatever that is called. Every call costs the process some microseconds, also where the lock is free: {@link futexSummary}, which costs the calls that wait alone, is to be asked first, and a process that takes a million locks a second not at all.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `process`, its number; `functions`, any of pthread_mutex_lock, pthread_rwlock_rdlock, pthread_rwlock_wrlock (default all); `threads`, up to 16 numbers as `ps -eLo tid` has them (default all of
 * its threads); `others`, whether other processes that run the same library may be stopped at these functions, too (default false); `stacks`, how many functions deep (1 to 64, default 16); `by`, any of function, lock, thread, command, result, caller, user_stack (default function, lock).
 *
 * Columns:
 * - `function` VARCHAR: pthread_mutex_lock, pthread_rwlock_rdlock, pthread_rwlock_wrlock
 * - `lock` VARCHAR: address of the lock, in the memory of the process
 * - `interval` VARCHAR: waiting: from the call until it returned
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
 * `total_ns` of a lock is what its callers waited for it, together, and for each call, also of a free lock, the time that its stop takes: a microsecond or more, ten of them in some virtual machines. What waits for a condition (pthread_cond_wait(3)) gets its mutex back inside of the C library, and is not here; nor are trylock and calls with a time limit, locks that a program
 * makes itself of futex(2) or by spinning, and a call that began before the probe, or has not returned as it ends. `user_stack` leaves out the function that called, which is `caller`, and beyond it means something only where all of the program is built with frame pointers.
 *
 * bpftrace before 0.20 can't keep its uprobes to one process: each process of the host that runs the same library is stopped at each call, which slows virtual machines and switches that nobody asked about. It is refused there (`OTHER_PROCESSES`), as for a process in a container; `others: true` does it nevertheless.
 *
 * Errors: as for every probe, see {@link makeProbe}; `NO_SUCH_PROCESS`, `OTHER_PROCESSES`.
 *
 * @example await lockSummary(host, { seconds: 5, process: 4242, by: ["function", "lock", "caller"] })
 */
export const lockSummary: Probe<LockSummaryParameters, "frame"> = defineHistogram({
  name: "lockSummary",
  revision: 3,
  measures: "how long a process takes to get its mutexes and read-write locks, by the lock's address",
  hooks: { required: hooks },
  filters: { threads: threadFilters.threads },
  parameters: {
    process: z.int().min(1).max(4_194_304).describe("the process, by the number that `ps -e` shows"),
    functions: z
      .array(z.enum(functions))
      .nonempty()
      .default([...functions])
      .describe("the functions that are watched"),
    others: z
      .boolean()
      .default(false)
      .describe(
        "whether other processes that run the same library may be stopped at each of their calls, too",
      ),
    stacks: stacksParameter,
  },
  by: {
    function: field({
      name: "function",
      type: "VARCHAR",
      meaning: functions.join(", "),
      say: ({ hook }) => functions.findIndex((name) => back(name) === hook),
      read: ([number = ""]) => functions[Number(number)] ?? null,
    }),
    lock: field({
      name: "lock",
      type: "VARCHAR",
      meaning: "address of the lock, in the memory of the process",
      say: () => lockOf.at(thread),
      read: hexadecimal,
    }),
    thread: threadField,
    command: runningCommandField,
    result: field({
      name: "result",
      type: "VARCHAR",
      meaning: "locked, or the error that it returned: EDEADLK, EAGAIN, ...",
      say: ({ result }) => result,
      read: ([result = "0"]) => (result === "0" ? "locked" : errorName(-signed32(result)).slice(1)),
    }),
    caller: field({
      name: "caller",
      type: "VARCHAR",
      meaning: "address of the program behind the call: `/proc/PID/maps` says in which file",
      say: () => callerOf.at(thread),
      read: hexadecimal,
    }),
    user_stack: keptStackField(stackThen),
  },
  usual: ["function", "lock"],
  conflict: refuseCommandAndStack("thread"),
  intervals: { waiting: "from the call until it returned" },
  inProcess: ({ process, others }) => ({ process, others }),
  program: ({ on, filtered, sample, by, parameters }) => {
    const kept = [
      lockOf,
      ...(by.includes("caller") ? [callerOf] : []),
      ...(by.includes("user_stack") ? [stackThen] : []),
    ];
    return parameters.functions.flatMap((name) => [
      on(entry(name), (at) => {
        const keep = bpf`${lockOf.at(thread)} = ${at.arg(0)};
  ${by.includes("caller") ? bpf`${callerOf.at(thread)} = ${returnAddress(at)};` : bpf``}
  ${by.includes("user_stack") ? bpf`${stackThen.at(thread)} = ${userStack(parameters.stacks)};` : bpf``}
  ${began.at(thread)} = nsecs;`;
        return bpf`if (pid != ${parameters.process}) { return; }
  ${thread} = tid;
  ${filtered(at, bpf``, keep)}`;
      }),
      on(
        back(name),
        (at) => bpf`${thread} = tid; $since = ${began.at(thread)}; if ($since == 0) { return; }
  delete(${began.at(thread)}); $now = nsecs;
  ${sample(at, "waiting", bpf`$since`, bpf`$now`)}
  ${forget(...kept)}`,
      ),
    ]);
  },
  notes: (_, { others }) =>
    others
      ? [
          "other processes that run the same library may have been stopped at each of their calls, too: what that cost is in no figure here",
        ]
      : [],
});
