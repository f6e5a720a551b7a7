import {
  type Bpf,
  BpfMap,
  becomesReady,
  bpf,
  defineHistogram,
  field,
  type HookAt,
  isUnready,
  joined,
  type Probe,
  packet,
  readAt,
  swapped16,
} from "../../lib/probes/index.js";
import type { AcceptSummaryParameters } from "../parameters.js";
import {
  established,
  portsWord,
  readMapped,
  socketFilters,
  socketKeys,
  synReceived,
  unpackPorts,
  wordsOfSocket,
} from "./sockets.js";

const changed = "tracepoint:sock:inet_sock_set_state";
const destroyed = "tracepoint:tcp:tcp_destroy_sock";
/** Where a connection that was taken out of its queue becomes a socket of the process. */
const accepted = "kprobe:security_sock_graft";

/** IPPROTO_TCP, AF_INET, AF_INET6. */
const [tcp, inet, inet6] = [6, 2, 10];

/** By connection: since when it waits, and whose it is. */
const waiting = new BpfMap("waiting", false, 48);
const [sk, since, now, process, kept] = [bpf`$sk`, bpf`$since`, bpf`$now`, bpf`$process`, bpf`$kept`];
const { version, src, dst, srcPort, dstPort, ports, protocol } = packet;
const words = [src.high, src.low, dst.high, dst.low];

/** Statements that read whose connection it is, of what was kept: sums, since bpftrace does not know yet what the map holds. */
const readKept: Bpf = bpf`$bits = ${kept}.1; ${unpackPorts(bpf`$bits`)}
  ${joined(
    words.map((word, index) => bpf`${word} = ${kept}.${index + 2} + 0;`),
    " ",
  )}`;

/** The same of the socket itself. */
function readSocket(at: HookAt): Bpf {
  const of = (name: string) => `sock.__sk_common.${name}`;
  const half = (name: string, from: number) => readAt(bpf`${at.addressOf(sk, of(name))} + ${from}`, 8);
  return bpf`${srcPort} = ${at.read(sk, of("skc_num"))}; $be = ${at.read(sk, of("skc_dport"))}; ${dstPort} = ${swapped16(bpf`$be`)};
    ${version} = 4; ${src.high} = 0; ${dst.high} = 0;
    ${src.low} = ${at.read(sk, of("skc_rcv_saddr"))}; ${dst.low} = ${at.read(sk, of("skc_daddr"))};
    if ($family == ${inet6}) {
      $high = ${half("skc_v6_daddr", 0)}; $low = ${half("skc_v6_daddr", 8)};
      if ($high != 0 || ($low & 0xffffffff) != 0xffff0000) {
        ${version} = 6; ${dst.high} = $high; ${dst.low} = $low;
        ${src.high} = ${half("skc_v6_rcv_saddr", 0)}; ${src.low} = ${half("skc_v6_rcv_saddr", 8)};
      }
    }`;
}

/**
 * Measures how long TCP connections waited, once established, until the server's process took them by accept(2), in the kernel: whether a server accepts too slowly, and which of its processes does. A connection costs the host some microseconds.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `src` and `srcPort`, own address or prefix and port, `dst` and `dstPort`, those of the client, `ip` and `port` of either end; `by`, any of own_port, own, peer, peer_port, flow, process (default own_port, process).
 *
 * Columns:
 * - `src_port` INTEGER: own port; null where it had none any more
 * - `process` BIGINT: number of the process that accepted; null where none did
 * - `interval` VARCHAR: waiting: from the end of the handshake until a process had accepted it; earlier: accepted, and
 *   established before the probe was ready; unestablished: accepted before the handshake had ended, by TCP Fast Open (RFC 7413);
 *   discarded: established, and closed before anybody accepted it; open: established, and not accepted at the end
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
 * Connections that were accepted are those of `waiting`, `earlier` and `unestablished` together; the last ones, of TCP Fast Open, the server could take from their SYN on. `discarded` were closed by the host before anybody took them: the listening socket was closed. A client that gives up meanwhile still waits here, for the server finds its connection in the queue. Those that found the queue full never wait: {@link listenSummary} has
 * these, and how long queues are. A process that calls accept(2) once a connection is there has short times here, one that is busy long ones. With TCP_DEFER_ACCEPT a connection is established by its first data. Connections of all network namespaces of the host are seen; multipath TCP's further paths are none.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await acceptSummary(host, { seconds: 10, srcPort: 443, by: ["own_port", "process"] })
 */
export const acceptSummary: Probe<AcceptSummaryParameters, "frame"> = defineHistogram({
  name: "acceptSummary",
  revision: 3,
  measures: "how long established TCP connections waited for accept(2)",
  hooks: { required: [accepted, destroyed, changed] },
  filters: socketFilters,
  by: {
    own_port: socketKeys.own_port,
    own: socketKeys.own,
    peer: socketKeys.peer,
    peer_port: socketKeys.peer_port,
    flow: socketKeys.flow,
    process: field({
      name: "process",
      type: "BIGINT",
      meaning: "number of the process that accepted; null where none did",
      say: () => process,
      read: ([number = "0"]) => (number === "0" ? null : Number(number)),
    }),
  },
  usual: ["own_port", "process"],
  intervals: { waiting: "from the end of the handshake until a process had accepted it" },
  untimed: {
    earlier: "accepted, and established before the probe was ready",
    unestablished: "accepted before the handshake had ended, by TCP Fast Open (RFC 7413)",
    discarded: "established, and closed before anybody accepted it",
  },
  open: {
    map: waiting,
    meaning: "established, and not accepted at the end",
    read: ([, ...kept], by) => ({ count: 1, words: wordsOfSocket(kept.map(String), by) }),
  },
  eachTick: becomesReady,
  program: ({ on, filtered, begin, sample, tally }) => {
    const take = bpf`${kept} = ${waiting.at(sk)}; ${since} = ${kept}.0;`;
    return [
      on(
        accepted,
        (at) => bpf`${sk} = ${at.arg(0)}; ${take} ${process} = pid; ${now} = nsecs;
  if (${since} == 0) {
    $family = ${at.read(sk, "sock.__sk_common.skc_family")};
    if (($family != ${inet} && $family != ${inet6}) || ${at.read(sk, "sock.sk_protocol")} != ${tcp}) { return; }
    ${protocol} = ${tcp}; ${ports} = 1;
    ${readSocket(at)}
    ${filtered(
      at,
      bpf``,
      bpf`if (${at.read(sk, "sock.__sk_common.skc_state")} == ${synReceived}) { ${tally(at, "unestablished")} return; }
    ${tally(at, "earlier")} return;`,
    )}
  }
  delete(${waiting.at(sk)});
  ${readKept}
  ${sample(at, "waiting", since, now)}`,
      ),
      on(
        destroyed,
        (at) => bpf`${sk} = ${at.arg("skaddr")}; ${take} if (${since} == 0) { return; }
  delete(${waiting.at(sk)}); ${process} = 0;
  ${readKept}
  ${tally(at, "discarded")}`,
      ),
      // A socket that a process has already is left out: with TCP Fast Open it is accepted first; and one that connects as its peer does is nobody's to accept.
      on(
        changed,
        (
          at,
        ) => bpf`if (${at.arg("protocol")} != ${tcp} || ${at.arg("oldstate")} != ${synReceived} || ${at.arg("newstate")} != ${established} || ${isUnready}) { return; }
  ${sk} = ${at.arg("skaddr")};
  if (${at.read(sk, "sock.sk_socket")} != 0) { return; }
  ${readMapped(at)}
  ${filtered(
    at,
    bpf``,
    begin(at, bpf`${waiting.at(sk)} = ((uint64)nsecs, (uint64)(${portsWord()}), ${joined(words, ", ")});`),
  )}`,
      ),
    ];
  },
});
