import { z } from "zod";
import {
  BpfMap,
  bpf,
  defineHistogram,
  errorName,
  field,
  filter,
  joined,
  type Probe,
  signed32,
  userStack,
} from "../../lib/probes/index.js";
import type { FutexSummaryParameters } from "../parameters.js";
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

const entered = "tracepoint:syscalls:sys_enter_futex";
const left = "tracepoint:syscalls:sys_exit_futex";

/** By thread: when its call began, and what it was given. */
const began = new BpfMap("began", false);
const addressOf = new BpfMap("address", false);
const operationOf = new BpfMap("operation", false);
const stackThen = new BpfMap("user", false);

/** Operations that wait, by their numbers (include/uapi/linux/futex.h). */
const waits: { readonly [number: number]: string } = {
  0: "WAIT",
  6: "LOCK_PI",
  9: "WAIT_BITSET",
  11: "WAIT_REQUEUE_PI",
  13: "LOCK_PI2",
};
const operation = bpf`$operation`;

/**
 * Measures how long threads waited in futex(2), on which mutexes, condition variables and semaphores of a program rest, by the address of what they waited for. An address on which
 * several threads wait long is a lock that is fought for. A call costs the host some microseconds: the result says how much it was.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `process`, its number; `threads`, up to 16 numbers as `ps -eLo tid` has them (default all); `stacks`, how many functions deep (1 to 64,
 * default 16); `by`, any of command, process, thread, address, operation, result, user_stack (default process, thread, address).
 *
 * Columns:
 * - `process` BIGINT: number of its process
 * - `thread` BIGINT: number of the thread
 * - `address` VARCHAR: of the 32 bits that it waited for, in the memory of its process
 * - `interval` VARCHAR: waiting: from the call until it returns
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
 * A lock that is free costs no call, and is not here; nor is a call that began before the probe, or has not returned as it ends. A worker that waits for work waits as it should. Calls of
 * futex_waitv(2), which emulators of games use, and of programs of 32 bits are not seen.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await futexSummary(host, { seconds: 10, process: 4242, by: ["address", "result", "user_stack"] })
 */
export const futexSummary: Probe<FutexSummaryParameters, "frame"> = defineHistogram({
  name: "futexSummary",
  revision: 3,
  measures: "how long threads waited for locks and for each other, by the address that they waited at",
  hooks: { required: [entered, left] },
  filters: {
    process: filter({
      schema: z.int().min(1).max(4_194_304),
      meaning: "threads of this process, by the number that `ps -e` shows",
      test: (given) => bpf`pid == ${given}`,
    }),
    threads: threadFilters.threads,
  },
  parameters: {
    stacks: stacksParameter,
  },
  by: {
    command: runningCommandField,
    process: field({
      name: "process",
      type: "BIGINT",
      meaning: "number of its process",
      say: () => bpf`pid`,
    }),
    thread: threadField,
    address: field({
      name: "address",
      type: "VARCHAR",
      meaning: "of the 32 bits that it waited for, in the memory of its process",
      say: () => addressOf.at(thread),
      read: hexadecimal,
    }),
    operation: field({
      name: "operation",
      type: "VARCHAR",
      meaning: "what it asked of futex(2)",
      say: () => operationOf.at(thread),
      read: ([number = ""]) => waits[Number(number)] ?? null,
    }),
    result: field({
      name: "result",
      type: "VARCHAR",
      meaning:
        "woken, or the error that it returned: -ETIMEDOUT, -EAGAIN (the value had changed: no wait), -EINTR",
      say: (at) => bpf`${at.arg("ret")} & 0xffffffff`,
      read: ([result = "0"]) => (result === "0" ? "woken" : errorName(signed32(result))),
    }),
    user_stack: keptStackField(stackThen),
  },
  usual: ["process", "thread", "address"],
  conflict: refuseCommandAndStack("thread or process"),
  intervals: { waiting: "from the call until it returns" },
  program: ({ on, filtered, sample, by, parameters }) => [
    on(entered, (at) => {
      const isWait = joined(
        Object.keys(waits).map((number) => bpf`${operation} == ${Number(number)}`),
        " || ",
      );
      const keep = bpf`${addressOf.at(thread)} = ${at.arg("uaddr")}; ${operationOf.at(thread)} = ${operation};
  ${by.includes("user_stack") ? bpf`${stackThen.at(thread)} = ${userStack(parameters.stacks)};` : bpf``}
  ${began.at(thread)} = nsecs;`;
      return bpf`${operation} = ${at.arg("op")} & 127; if (!(${isWait})) { return; }
  ${thread} = tid;
  ${filtered(at, bpf``, keep)}`;
    }),
    on(
      left,
      (at) => bpf`${thread} = tid; $since = ${began.at(thread)}; if ($since == 0) { return; }
  delete(${began.at(thread)}); $now = nsecs;
  ${sample(at, "waiting", bpf`$since`, bpf`$now`)}
  ${forget(addressOf, operationOf, ...(by.includes("user_stack") ? [stackThen] : []))}`,
    ),
  ],
});
