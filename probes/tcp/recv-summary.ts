import { z } from "zod";
import {
  type Bpf,
  BpfMap,
  bpf,
  command,
  defineHistogram,
  errorName,
  field,
  filter,
  type Probe,
  signed32,
} from "../../lib/probes/index.js";
import type { RecvSummaryParameters } from "../parameters.js";

const calls = ["recvfrom", "recvmsg", "read", "readv"] as const;
type Call = (typeof calls)[number];
/** Those that are made on sockets alone. */
const ofSockets: readonly Call[] = ["recvfrom", "recvmsg"];
const enter = (call: Call) => `tracepoint:syscalls:sys_enter_${call}`;
const leave = (call: Call) => `tracepoint:syscalls:sys_exit_${call}`;
const tookData = "tracepoint:tcp:tcp_rcv_space_adjust";

/** By thread: when its call began, and whether it has taken data of a TCP socket. */
const began = new BpfMap("began", false);
const took = new BpfMap("took", false);
const [since, now, result, which] = [bpf`$since`, bpf`$now`, bpf`$result`, bpf`$call`];

/**
 * Measures the calls that receive: how long they took, and how much they got, by process, in the kernel: recvfrom(2), which recv(3) is, and recvmsg(2) on any socket, read(2) and readv(2) where they took data of a TCP socket. Each of these calls costs the host about a microsecond, read(2) of files some hundreds of nanoseconds.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `process`, its number (default all); `by`, any of process, thread, command, call, outcome (default process, call, outcome).
 *
 * Columns:
 * - `process` BIGINT: number of the process
 * - `call` VARCHAR: recvfrom, recvmsg, read, readv
 * - `outcome` VARCHAR: data; nothing: the end of the stream, or an empty datagram; or the error: EAGAIN, EINTR, ...
 * - `quantity` VARCHAR: took: from the call until it returned; size: what it got
 * - `unit` VARCHAR: of what stands behind: ns, bytes
 * - `count` BIGINT: samples
 * - `total` BIGINT: sum of them; null where it isn't known
 * - `avg` DOUBLE: mean of them; null with their sum
 * - `p50_low` BIGINT: percentile 50: bound below
 * - `p50_high` BIGINT: percentile 50: bound above
 * - `p90_low` BIGINT: percentile 90: bound below
 * - `p90_high` BIGINT: percentile 90: bound above
 * - `p99_low` BIGINT: percentile 99: bound below
 * - `p99_high` BIGINT: percentile 99: bound above
 * - `p999_low` BIGINT: percentile 99.9: bound below
 * - `p999_high` BIGINT: percentile 99.9: bound above
 * - `max_low` BIGINT: the largest: bound below
 * - `max_high` BIGINT: the largest: bound above
 *
 * A call that waits for data takes long, as it should: `took` of `data` is no latency of the network, nor of the application; {@link readLatencySummary} tells how long data lay there. Many small `size` are a reader that asks for little at a time. `nothing` is the end of the stream. read(2) and readv(2) that got no data are not
 * here, nor are recvmmsg(2), io_uring and programs of 32 bits, nor calls that began before the probe.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await recvSummary(host, { seconds: 10, process: 4242 })
 */
export const recvSummary: Probe<RecvSummaryParameters, "frame"> = defineHistogram({
  name: "recvSummary",
  revision: 3,
  measures: "how long calls took that receive, and how much they got",
  hooks: {
    required: [...ofSockets.flatMap((call) => [leave(call), enter(call)]), tookData],
    optional: (["read", "readv"] as const).flatMap((call) => [leave(call), enter(call)]),
  },
  filters: {
    process: filter({
      schema: z.int().min(1).max(4_194_304),
      meaning: "calls of this process, by the number that `ps -e` shows",
      test: (given) => bpf`pid == ${given}`,
    }),
  },
  by: {
    process: field({
      name: "process",
      type: "BIGINT",
      meaning: "number of the process",
      say: () => bpf`pid`,
    }),
    thread: field({ name: "thread", type: "BIGINT", meaning: "number of the thread", say: () => bpf`tid` }),
    command: field({
      name: "command",
      type: "VARCHAR",
      meaning: "name of the thread",
      words: ["text"],
      say: () => command,
    }),
    call: field({
      name: "call",
      type: "VARCHAR",
      meaning: calls.join(", "),
      say: () => which,
      read: ([number = ""]) => calls[Number(number)] ?? null,
    }),
    outcome: field({
      name: "outcome",
      type: "VARCHAR",
      meaning: "data; nothing: the end of the stream, or an empty datagram; or the error: EAGAIN, EINTR, ...",
      say: () => bpf`(${result} > 0 && ${result} >> 31 == 0 ? 1 : ${result} & 0xffffffff)`,
      read: ([said = "0"]) =>
        said === "1" ? "data" : said === "0" ? "nothing" : errorName(signed32(said)).slice(1),
    }),
  },
  usual: ["process", "call", "outcome"],
  intervals: {
    took: { meaning: "from the call until it returned", unit: "ns" },
    size: { meaning: "what it got", unit: "bytes" },
  },
  program: ({ on, filtered, measure, has }) => {
    const used = calls.filter((call) => has(enter(call)) && has(leave(call)));
    const thread = bpf`tid`;
    const back = (call: Call): Bpf =>
      on(leave(call), (at) => {
        const others = ofSockets.includes(call) ? bpf`` : bpf`if (${took.at(thread)} == 0) { return; }`;
        return bpf`${since} = ${began.at(thread)}; if (${since} == 0) { return; }
  delete(${began.at(thread)}); ${others} delete(${took.at(thread)});
  ${now} = nsecs; if (${now} < ${since}) { return; }
  ${which} = ${calls.indexOf(call)}; ${result} = ${at.arg("ret")}; $ns = ${now} - ${since};
  ${measure(at, "took", bpf`$ns`)}
  if (${result} > 0 && ${result} >> 31 == 0) { ${measure(at, "size", result)} }`;
      });
    return [
      // First, since bpftrace has to know what a map holds before it is read.
      ...used.map((call) => on(enter(call), (at) => filtered(at, bpf``, bpf`${began.at(thread)} = nsecs;`))),
      on(tookData, () => bpf`if (${began.at(thread)} != 0) { ${took.at(thread)} = 1; }`),
      ...used.map(back),
    ];
  },
});
