import { bpf, defineHistogram, type Probe } from "../../lib/probes/index.js";
import type { TcpFlightSummaryParameters } from "../parameters.js";
import { endsOf, readSockaddr, segment, socketFilters, socketKeys } from "./sockets.js";

/**
 * Measures how much of TCP connections is in flight, and what allows it, in the kernel: for each segment that comes in on an established connection, the bytes that its socket has sent and that are not acknowledged, its congestion window, and
 * the window that the peer allows. A segment costs the host about a microsecond.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `src` and `srcPort`, own address or prefix and port, `dst` and `dstPort`, those of the peer, `ip` and `port` of either end; `by`, any of peer, own, own_port, peer_port, flow, socket (default flow).
 *
 * Columns:
 * - `src` VARCHAR: own address; IPv4 in IPv6 as IPv4
 * - `src_port` INTEGER: own port; null where it had none any more
 * - `dst` VARCHAR: address of the peer
 * - `dst_port` INTEGER: port of the peer
 * - `quantity` VARCHAR: in_flight: sent and not acknowledged; cwnd: congestion window; send_window: window that the peer allows,
 *   scaled
 * - `unit` VARCHAR: of what stands behind: bytes, packets
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
 * What is in flight is counted as a segment comes in, before what it acknowledges is taken off, and includes what was lost or selectively acknowledged. `cwnd` is in packets of the socket's MSS (`mss` of {@link socketSamples}): never hold it against bytes. In flight close to
 * `send_window`: the peer's window is the limit; close to `cwnd` times the MSS: the congestion window is. A socket that only receives has nothing in flight.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await tcpFlightSummary(host, { seconds: 10, dst: "198.51.100.20", dstPort: 5201 })
 */
export const tcpFlightSummary: Probe<TcpFlightSummaryParameters, "frame"> = defineHistogram({
  name: "tcpFlightSummary",
  revision: 3,
  measures: "bytes in flight of TCP connections, and the windows that allow them, by segments that come in",
  hooks: { required: [segment] },
  filters: socketFilters,
  by: socketKeys,
  usual: ["flow"],
  intervals: {
    in_flight: { meaning: "sent and not acknowledged", unit: "bytes" },
    cwnd: { meaning: "congestion window", unit: "packets" },
    send_window: { meaning: "window that the peer allows, scaled", unit: "bytes" },
  },
  program: ({ on, filtered, by, parameters, measure }) =>
    on(
      segment,
      (at) => bpf`${readSockaddr(at, endsOf(by, parameters))}
  ${filtered(
    at,
    bpf``,
    bpf`$flight = (${at.arg("snd_nxt")} - ${at.arg("snd_una")}) & 0xffffffff; $cwnd = ${at.arg("snd_cwnd")}; $window = ${at.arg("snd_wnd")};
  ${measure(at, "in_flight", bpf`$flight`)}
  ${measure(at, "cwnd", bpf`$cwnd`)}
  ${measure(at, "send_window", bpf`$window`)}`,
  )}`,
    ),
});
