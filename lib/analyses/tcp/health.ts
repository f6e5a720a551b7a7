import type { Capture, TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { among, count, duration, ends, flow, sender, start } from "../query/index.js";
import { resentViews } from "./resent.js";
import { tripViews } from "./rtt.js";
import { sequencesOf } from "./sequence/index.js";

const bytes = (name: string, meaning: string): Column => ({ name, type: "BIGINT", unit: "bytes", meaning });
const rate = (name: string, meaning: string): Column => ({ name, type: "DOUBLE", unit: "bit/s", meaning });

const columns: Column[] = [
  flow,
  ...ends,
  sender,
  start,
  count("packets", "that it sent, copies left out"),
  bytes("wire_bytes", "all of those, headers included"),
  bytes("payload_bytes", "payload that it sent"),
  bytes("resent_bytes", "payload of that sent again; window probes and keep-alives aren't"),
  {
    name: "resent_percent",
    type: "DOUBLE",
    unit: "%",
    meaning: "resent of payload, by bytes: offloading makes packets of any size; null without payload",
  },
  count("retransmissions", "of every kind"),
  count("syn_retransmissions", "SYNs again"),
  count("fast_retransmissions", "after duplicate acks"),
  count("recovery_retransmissions", "more of the same loss as a fast one, or as one after a timeout"),
  count("rto_retransmissions", "after a timeout"),
  count("spurious_retransmissions", "of what was acknowledged already"),
  count("out_of_order", "captured after later data, too soon for a retransmission"),
  count("gaps", "with data missing before them"),
  count("unseen_acked", "acks that it sent for data that is not in the capture"),
  count("duplicate_acks", "that it sent (RFC 5681); null where the other side's packets aren't there"),
  count("sacks", "acks that it sent with selective blocks"),
  count("dsacks", "acks of it that say that data arrived twice"),
  count("zero_windows", "that said that its own receive buffer is full"),
  count("window_full", "of its data that filled the other's window"),
  count("keep_alives", "that it sent, Linux' window probes among them"),
  count("rst", "resets that it sent"),
  count("fin", "with FIN"),
  bytes("max_payload_bytes", "its biggest packet; above the MSS it is a super-frame"),
  bytes("max_in_flight_bytes", "most that was sent and not acknowledged at the point of capture"),
  bytes(
    "min_window_bytes",
    "smallest receive window that it announced after the handshake; null where the scale is unknown",
  ),
  bytes("max_window_bytes", "largest one"),
  count("rtt_samples", "acks of its data that measure a round trip", "samples"),
  duration(
    "rtt_min_ns",
    "shortest round trip of its data; from the point of capture to the other side and back",
  ),
  duration("rtt_mean_ns", "mean of those"),
  duration("rtt_median_ns", "median of those"),
  duration("rtt_p95_ns", "95th percentile of those"),
  duration("data_ns", "from its first data packet to its last"),
  rate(
    "goodput_bits_per_second",
    "payload without what was sent again, over data_ns; null for less than two data packets",
  ),
  rate("throughput_bits_per_second", "all bits on the wire of its data packets, over data_ns"),
];

/**
 * The health of every TCP connection, by direction: loss by bytes and by kind, acks, windows, round trips, rates. Copies of
 * packets are left out. Round trips are those of {@link rttSamples} by ack.
 *
 * Columns:
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `client` VARCHAR: address of the client
 * - `client_port` INTEGER: its port
 * - `server` VARCHAR: address of the server
 * - `server_port` INTEGER: its port
 * - `sender` VARCHAR: client or server: who sent it
 * - `start_ns` BIGINT, ns since 1970: when it began
 * - `packets` BIGINT, packets: that it sent, copies left out
 * - `wire_bytes` BIGINT, bytes: all of those, headers included
 * - `payload_bytes` BIGINT, bytes: payload that it sent
 * - `resent_bytes` BIGINT, bytes: payload of that sent again; window probes and keep-alives aren't
 * - `resent_percent` DOUBLE, %: resent of payload, by bytes: offloading makes packets of any size; null without payload
 * - `retransmissions` BIGINT, packets: of every kind
 * - `syn_retransmissions` BIGINT, packets: SYNs again
 * - `fast_retransmissions` BIGINT, packets: after duplicate acks
 * - `recovery_retransmissions` BIGINT, packets: more of the same loss as a fast one, or as one after a timeout
 * - `rto_retransmissions` BIGINT, packets: after a timeout
 * - `spurious_retransmissions` BIGINT, packets: of what was acknowledged already
 * - `out_of_order` BIGINT, packets: captured after later data, too soon for a retransmission
 * - `gaps` BIGINT, packets: with data missing before them
 * - `unseen_acked` BIGINT, packets: acks that it sent for data that is not in the capture
 * - `duplicate_acks` BIGINT, packets: that it sent (RFC 5681); null where the other side's packets aren't there
 * - `sacks` BIGINT, packets: acks that it sent with selective blocks
 * - `dsacks` BIGINT, packets: acks of it that say that data arrived twice
 * - `zero_windows` BIGINT, packets: that said that its own receive buffer is full
 * - `window_full` BIGINT, packets: of its data that filled the other's window
 * - `keep_alives` BIGINT, packets: that it sent, Linux' window probes among them
 * - `rst` BIGINT, packets: resets that it sent
 * - `fin` BIGINT, packets: with FIN
 * - `max_payload_bytes` BIGINT, bytes: its biggest packet; above the MSS it is a super-frame
 * - `max_in_flight_bytes` BIGINT, bytes: most that was sent and not acknowledged at the point of capture
 * - `min_window_bytes` BIGINT, bytes: smallest receive window that it announced after the handshake; null where the scale is
 *   unknown
 * - `max_window_bytes` BIGINT, bytes: largest one
 * - `rtt_samples` BIGINT, samples: acks of its data that measure a round trip
 * - `rtt_min_ns` BIGINT, ns: shortest round trip of its data; from the point of capture to the other side and back
 * - `rtt_mean_ns` BIGINT, ns: mean of those
 * - `rtt_median_ns` BIGINT, ns: median of those
 * - `rtt_p95_ns` BIGINT, ns: 95th percentile of those
 * - `data_ns` BIGINT, ns: from its first data packet to its last
 * - `goodput_bits_per_second` DOUBLE, bit/s: payload without what was sent again, over data_ns; null for less than two data
 *   packets
 * - `throughput_bits_per_second` DOUBLE, bit/s: all bits on the wire of its data packets, over data_ns
 *
 * @param filter which connections, and when. Default: all.
 * @returns a Table, one row per connection and sender (none for a side that sent nothing), in order of first packets.
 * @throws SkbookError as `flows` does.
 */
export async function tcpHealth(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await sequencesOf(capture, filter);
  return scope.table({
    source: "tcpHealth",
    views: {
      ...resentViews,
      ...tripViews,
      halves: halvesSql,
      kinds: kindsSql,
      lacking: "SELECT DISTINCT acked_frame FROM holes WHERE fate IN ('missed', 'never')",
      unseen: `
        SELECT flow_number, from_client, count(*) AS unseen_acked FROM tcp
        WHERE ${among("frame", "lacking")} GROUP BY flow_number, from_client`,
      heard: "SELECT flow_number, count(*) = 2 AS both_ways FROM halves GROUP BY flow_number",
      rounds: `
        SELECT flow_number, of_client AS from_client, count(*) AS rtt_samples, min(rtt_ns) AS rtt_min_ns,
          round(avg(rtt_ns)) AS rtt_mean_ns, quantile_disc(rtt_ns, 0.5) AS rtt_median_ns, quantile_disc(rtt_ns, 0.95) AS rtt_p95_ns
        FROM acked GROUP BY flow_number, of_client`,
    },
    query: `
      SELECT halves.* EXCLUDE (duplicate_acks), flow, client, client_port, server, server_port,
        100.0 * resent_bytes / nullif(payload_bytes, 0) AS resent_percent,
        ${["syn", "fast", "recovery", "rto", "spurious"].map((kind) => `coalesce(${kind}, 0) AS ${kind}_retransmissions`).join(", ")},
        CASE WHEN both_ways THEN duplicate_acks END AS duplicate_acks, coalesce(unseen_acked, 0) AS unseen_acked,
        coalesce(rtt_samples, 0) AS rtt_samples, rtt_min_ns, rtt_mean_ns, rtt_median_ns, rtt_p95_ns,
        8e9 * (payload_bytes - resent_bytes) / nullif(data_ns, 0) AS goodput_bits_per_second,
        8e9 * data_wire_bytes / nullif(data_ns, 0) AS throughput_bits_per_second
      FROM halves JOIN conversations USING (flow_number)
      LEFT JOIN kinds USING (flow_number, from_client) LEFT JOIN rounds USING (flow_number, from_client)
      LEFT JOIN unseen USING (flow_number, from_client) JOIN heard USING (flow_number)
      ORDER BY flow_number, from_client DESC`,
    columns,
  });
}

/** A window counts bytes where its scale is known; before the handshake's end it is never scaled. */
const scaled = "tcp_window_bytes) FILTER (NOT syn AND NOT rst AND tcp_window_scale <> -1";

const halvesSql = `
  SELECT flow_number, from_client, any_value(sender) AS sender, min(time_ns) AS start_ns,
    count(*) AS packets, sum(wire_bytes) AS wire_bytes, sum(tcp_len_bytes) AS payload_bytes,
    coalesce(sum(tcp.resent_bytes), 0) AS resent_bytes, count(resent) AS retransmissions,
    count(*) FILTER (out_of_order) AS out_of_order,
    count(hole_bytes) AS gaps,
    count(duplicate_ack) AS duplicate_acks, count(sack_le) AS sacks, count(dsack_le) AS dsacks,
    count(*) FILTER (zero_window) AS zero_windows, count(*) FILTER (window_full) AS window_full,
    count(*) FILTER (keep_alive OR window_probe) AS keep_alives,
    count(*) FILTER (rst) AS rst, count(*) FILTER (fin) AS fin,
    max(tcp_len_bytes) AS max_payload_bytes, max(in_flight_bytes) AS max_in_flight_bytes,
    min(${scaled}) AS min_window_bytes, max(${scaled}) AS max_window_bytes,
    max(time_ns) FILTER (tcp_len_bytes > 0) - min(time_ns) FILTER (tcp_len_bytes > 0) AS data_ns,
    sum(wire_bytes) FILTER (tcp_len_bytes > 0) AS data_wire_bytes
  FROM tcp GROUP BY flow_number, from_client`;

const kindsSql = `
  SELECT flow_number, from_client, count(*) FILTER (kind = 'syn') AS syn, count(*) FILTER (kind = 'fast') AS fast,
    count(*) FILTER (kind = 'recovery') AS recovery, count(*) FILTER (kind = 'rto') AS rto,
    count(*) FILTER (kind = 'spurious') AS spurious
  FROM retransmitted GROUP BY flow_number, from_client`;
