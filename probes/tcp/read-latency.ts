import {
  type Bpf,
  BpfMap,
  bpf,
  defineHistogram,
  field,
  type HookAt,
  joined,
  type Probe,
  packet,
} from "../../lib/probes/index.js";
import type { ReadLatencySummaryParameters } from "../parameters.js";
import {
  endsOf,
  portsWord,
  readMapped,
  readSockaddr,
  segment,
  socketFilters,
  socketKeys,
  wordsOfSocket,
} from "./sockets.js";

const read = "tracepoint:tcp:tcp_rcv_space_adjust";
const destroyed = "tracepoint:tcp:tcp_destroy_sock";

/** By cookie of the socket: since when there is data to read, and whose it is; and since when there is data behind a hole. */
const unread = new BpfMap("unread", false, 56);
const held = new BpfMap("held", false);
const [cookie, now, reader] = [bpf`$cookie`, bpf`$now`, bpf`$reader`];
const { src, dst } = packet;

/** What is needed to tell data behind a hole: from Linux 6.12 on, and the kernel's types. */
const knowsOrder = (at: HookAt) => {
  const has = at.target.tracepoints.get(segment)?.fields;
  return has?.has("skbaddr") === true && has.has("skaddr") && at.has("tcp_skb_cb.seq");
};

/**
 * Measures how long data lay in TCP sockets until the application read any of it, in the kernel, and apart from it how long data waited behind a hole: for a segment before it, that had been lost or overtaken. The first is the application's time, or its CPU's; the second the network's. A segment with data and a read cost the host some hundreds of nanoseconds each.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `src` and `srcPort`, own address or prefix and port, `dst` and `dstPort`, those of the peer, `ip` and `port` of either end; `by`, any of peer, own, own_port, peer_port, flow, socket, process (default own_port, peer).
 *
 * Columns:
 * - `src_port` INTEGER: own port; null where it had none any more
 * - `dst` VARCHAR: address of the peer
 * - `interval` VARCHAR: unread: from the arrival of data where none was, until a read took some; hole: from the arrival of data
 *   out of order until the segment before it came; discarded: lay unread when the socket was closed; open: lay unread at the end
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
 * `unread` begins with the first data that comes after a read, and ends with the next read that takes any data: a read that leaves some of it ends it, too. `discarded` counts sockets that were closed with data that nobody had read (the peer gets a reset), `open` those that have some at the end. A reader that waits in its call for data has short times here, one that is busy long ones. `hole` needs Linux 6.12 and the kernel's types (BTF); without them
 * data behind a hole is in `unread`, which the result then says. Data that comes while the application is inside a call on the same socket is seen when that call lets go of it. Connections of all network namespaces of the host are seen.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await readLatencySummary(host, { seconds: 10, srcPort: 5201, by: ["process", "peer"] })
 */
export const readLatencySummary: Probe<ReadLatencySummaryParameters, "frame"> = defineHistogram({
  name: "readLatencySummary",
  revision: 5,
  measures: "how long data lay in TCP sockets until it was read, and how long behind a hole",
  hooks: { required: [segment, read, destroyed] },
  filters: socketFilters,
  by: {
    ...socketKeys,
    process: field({
      name: "process",
      type: "BIGINT",
      meaning: "number of the process that read; null where none did",
      say: () => reader,
      read: ([process = "0"]) => (process === "0" ? null : Number(process)),
    }),
  },
  usual: ["own_port", "peer"],
  intervals: {
    unread: "from the arrival of data where none was, until a read took some",
    hole: "from the arrival of data out of order until the segment before it came",
  },
  untimed: { discarded: "lay unread when the socket was closed" },
  open: {
    map: unread,
    meaning: "lay unread at the end",
    read: ([, ...kept], by) => ({ count: 1, words: wordsOfSocket(kept.map(String), by) }),
  },
  program: ({ on, filtered, begin, sample, tally, by, parameters }) => {
    const since = bpf`$since`;
    const ends = endsOf(by, parameters);
    const whose = [
      ...(ends.own ? [src.high, src.low] : [bpf`(uint64)0`, bpf`(uint64)0`]),
      ...(ends.peer ? [dst.high, dst.low] : [bpf`(uint64)0`, bpf`(uint64)0`]),
      cookie,
    ];
    const ports = bpf`(uint64)(${portsWord(ends)})`;
    const arrived = (at: HookAt): Bpf => {
      const keep = bpf`${unread.at(cookie)} = (${now}, ${ports}, ${joined(whose, ", ")});`;
      const first = bpf`$known = ${unread.at(cookie)}.0; if ($known == 0) { ${readSockaddr(at, ends)}
    ${begin(at, keep)} }`;
      if (!knowsOrder(at)) return first;
      return bpf`$cb = ${at.addressOf(at.arg("skbaddr"), "sk_buff.cb")}; $next = ${at.read(at.arg("skaddr"), "tcp_sock.rcv_nxt")};
  $ahead = (${at.read(bpf`$cb`, "tcp_skb_cb.seq")} - $next) & 0xffffffff; $behind = (${at.read(bpf`$cb`, "tcp_skb_cb.end_seq")} - $next - 1) & 0xffffffff;
  if ($behind >> 31 == 1) { return; }
  if ($ahead != 0 && $ahead >> 31 == 0) { if (${held.at(cookie)} == 0) { ${held.at(cookie)} = ${now}; } return; }
  ${since} = ${held.at(cookie)};
  if (${since} != 0) { delete(${held.at(cookie)}); ${reader} = 0; ${readSockaddr(at, ends)}
    ${begin(at, sample(at, "hole", since, now))} }
  ${first}`;
    };
    // bpftrace attaches tracepoints in their order: no end of what has begun is missed.
    return [
      on(
        read,
        (
          at,
        ) => bpf`${cookie} = ${at.arg("sock_cookie")}; ${since} = ${unread.at(cookie)}.0; if (${since} == 0) { return; }
  delete(${unread.at(cookie)}); ${now} = nsecs; ${reader} = pid;
  ${readMapped(at)}
  ${sample(at, "unread", since, now)}`,
      ),
      on(
        destroyed,
        (
          at,
        ) => bpf`${cookie} = ${at.arg("sock_cookie")}; ${knowsOrder(at) ? bpf`delete(${held.at(cookie)});` : bpf``} ${since} = ${unread.at(cookie)}.0; if (${since} == 0) { return; }
  delete(${unread.at(cookie)}); ${reader} = 0;
  ${readMapped(at)}
  ${tally(at, "discarded")}`,
      ),
      on(
        segment,
        (at) => bpf`if (${at.arg("data_len")} == 0) { return; }
  ${readSockaddr(at, endsOf([], parameters))}
  ${cookie} = ${at.arg("sock_cookie")}; ${now} = nsecs;
  ${filtered(at, bpf``, arrived(at))}`,
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
