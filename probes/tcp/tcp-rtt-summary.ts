import { bpf, defineHistogram, type Probe } from "../../lib/probes/index.js";
import type { TcpRttSummaryParameters } from "../parameters.js";
import { endsOf, readSockaddr, segment, socketFilters, socketKeys } from "./sockets.js";

const microseconds = bpf`$srtt`;

/**
 * Measures the round trips of TCP connections, in the kernel: for each segment that comes in on an established connection, the smoothed round trip (SRTT, RFC 6298) that its socket has at that moment. A segment costs the host some hundreds of
 * nanoseconds.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `src` and `srcPort`, own address or prefix and port, `dst` and `dstPort`, those of the peer, `ip` and `port` of either end; `by`, any of peer, own, own_port, peer_port, flow, socket (default peer).
 *
 * Columns:
 * - `dst` VARCHAR: address of the peer
 * - `interval` VARCHAR: srtt: smoothed round trip of the socket, as each segment came in; unmeasured: segments of sockets without
 *   a round trip
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
 * It is smoothed: an eighth of each new measurement goes into it, so that a single late segment moves it little, and a change takes some round trips to show. It counts segments, not time: a busy connection weighs more. A
 * socket that only receives does not measure round trips after its handshake: ask the host that sends. `unmeasured` are segments of sockets that have no round trip yet. The delay of a peer's acknowledgements (delayed ACK, up to 40 ms and more) is in it.
 * Connections of all network namespaces of the host are seen.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await tcpRttSummary(host, { seconds: 10, dst: "198.51.100.0/24", by: ["peer", "peer_port"] })
 */
export const tcpRttSummary: Probe<TcpRttSummaryParameters, "frame"> = defineHistogram({
  name: "tcpRttSummary",
  revision: 3,
  measures: "smoothed round trips of TCP connections, by segments that come in",
  hooks: { required: [segment] },
  filters: socketFilters,
  by: socketKeys,
  usual: ["peer"],
  intervals: { srtt: "smoothed round trip of the socket, as each segment came in" },
  untimed: { unmeasured: "segments of sockets without a round trip" },
  program: ({ on, filtered, by, parameters, measure, tally }) =>
    on(
      segment,
      (at) => bpf`${readSockaddr(at, endsOf(by, parameters))}
  ${filtered(
    at,
    bpf``,
    bpf`${microseconds} = ${at.arg("srtt")};
  if (${microseconds} == 0) { ${tally(at, "unmeasured")} } else { $ns = ${microseconds} * 1000;
  ${measure(at, "srtt", bpf`$ns`)} }`,
  )}`,
    ),
});
