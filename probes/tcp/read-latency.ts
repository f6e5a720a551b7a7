import {
  type Bpf,
  BpfMap,
  bpf,
  defineHistogram,
  field,
  type HookAt,
  type Probe,
} from "../../lib/probes/index.js";
import type { ReadLatencySummaryParameters } from "../parameters.js";
import { endsOf, readMapped, readSockaddr, segment, socketFilters, socketKeys } from "./sockets.js";

const read = "tracepoint:tcp:tcp_rcv_space_adjust";

/** By cookie of the socket: since when there is data to read, and since when there is data behind a hole. */
const unread = new BpfMap("unread", false);
const held = new BpfMap("held", false);
const [cookie, now, reader] = [bpf`$cookie`, bpf`$now`, bpf`$reader`];

/** What is needed to tell data behind a hole: from Linux 6.12 on, and the kernel's types. */
const knowsOrder = (at: HookAt) => at.hasArg("skbaddr") && at.hasArg("skaddr") && at.has("tcp_skb_cb.seq");

/**
 * Measures how long data lay in TCP sockets until the application read any of it, in the kernel, and apart from it how long data waited behind a hole: for a segment before it, that had been lost or overtaken. The first is the application's time, or its CPU's; the second the network's. A segment with data and a read cost the host some hundreds of nanoseconds each.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `src` and `srcPort`, own address or prefix and port, `dst` and `dstPort`, those of the peer, `ip` and `port` of either end; `by`, any of peer, own, own_port, peer_port, flow, socket, process (default own_port, peer).
 *
 * Columns:
 * - `src_port` INTEGER: own port; null where it had none any more
 * - `dst` VARCHAR: address of the peer
 * - `interval` VARCHAR: unread: from the arrival of data where none was, until a read took some; hole: from the arrival of data
 *   out of order until the segment before it came
 * - `count` BIGINT: samples
 * - `total_ns` BIGINT, ns: sum of them
 * - `avg_ns` DOUBLE, ns: mean of them
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
 * `unread` begins with the first data that comes after a read, and ends with the next read that takes any data: a read that leaves some of it ends it, too. A reader that waits in its call for data has short times here, one that is busy long ones. `hole` needs Linux 6.12 and the kernel's types (BTF); without them
 * data behind a hole is in `unread`, which the result then says. Data that comes while the application is inside a call on the same socket is seen when that call lets go of it. Connections of all network namespaces of the host are seen.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await readLatencySummary(host, { seconds: 10, srcPort: 5201, by: ["process", "peer"] })
 */
export const readLatencySummary: Probe<ReadLatencySummaryParameters, "frame"> = defineHistogram({
  name: "readLatencySummary",
  revision: 3,
  measures: "how long data lay in TCP sockets until it was read, and how long behind a hole",
  hooks: { required: [segment, read] },
  filters: socketFilters,
  by: {
    ...socketKeys,
    process: field({
      name: "process",
      type: "BIGINT",
      meaning: "number of the process that read; null for a hole",
      say: () => reader,
      read: ([process = "0"]) => (process === "0" ? null : Number(process)),
    }),
  },
  usual: ["own_port", "peer"],
  intervals: {
    unread: "from the arrival of data where none was, until a read took some",
    hole: "from the arrival of data out of order until the segment before it came",
  },
  program: ({ on, filtered, sample, by, parameters }) => {
    const since = bpf`$since`;
    const arrived = (at: HookAt): Bpf => {
      const first = bpf`if (${unread.at(cookie)} == 0) { ${unread.at(cookie)} = ${now}; }`;
      if (!knowsOrder(at)) return first;
      return bpf`$cb = ${at.addressOf(at.arg("skbaddr"), "sk_buff.cb")}; $next = ${at.read(at.arg("skaddr"), "tcp_sock.rcv_nxt")};
  $ahead = (${at.read(bpf`$cb`, "tcp_skb_cb.seq")} - $next) & 0xffffffff; $behind = (${at.read(bpf`$cb`, "tcp_skb_cb.end_seq")} - $next - 1) & 0xffffffff;
  if ($behind >> 31 == 1) { return; }
  if ($ahead != 0 && $ahead >> 31 == 0) { if (${held.at(cookie)} == 0) { ${held.at(cookie)} = ${now}; } return; }
  ${since} = ${held.at(cookie)};
  if (${since} != 0) { delete(${held.at(cookie)}); ${reader} = 0; ${sample(at, "hole", since, now)} }
  ${first}`;
    };
    return [
      on(
        segment,
        (at) => bpf`if (${at.arg("data_len")} == 0) { return; }
  ${readSockaddr(at, endsOf(knowsOrder(at) ? by : [], parameters))}
  ${cookie} = ${at.arg("sock_cookie")}; ${now} = nsecs;
  ${filtered(at, bpf``, arrived(at))}`,
      ),
      on(
        read,
        (
          at,
        ) => bpf`${cookie} = ${at.arg("sock_cookie")}; ${since} = ${unread.at(cookie)}; if (${since} == 0) { return; }
  delete(${unread.at(cookie)}); ${now} = nsecs; ${reader} = pid;
  ${readMapped(at)}
  ${sample(at, "unread", since, now)}`,
      ),
    ];
  },
  notes: (_, __, fieldsRead) =>
    fieldsRead.has("tcp_sock.rcv_nxt")
      ? []
      : [
          "data that waits for a segment before it can't be told: it is in unread (that needs Linux 6.12 and the kernel's types)",
        ],
});
