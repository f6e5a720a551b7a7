import type { Column } from "../../tables/index.js";
import { amount, bitRate, flow, limit, ratio, shares, socket, word } from "./columns.js";
import {
  counters,
  grown,
  hasRate,
  largest,
  limits,
  ratePerConnection,
  shareColumn,
  sharesSql,
} from "./steps.js";

/** Columns of one row per connection. */
export const connectionColumns: Column[] = [
  flow,
  socket,
  amount("samples", "samples", "that the connection is in"),
  ratio("seconds", "from its first to its last, as far as intervals are whole", "s"),
  word("role", "sender or receiver, by what was acknowledged and received meanwhile; null: neither"),
  limit,
  ratio("limit_share", "share of the time that this limit had"),
  word("second_limit", "the limit with the next largest share, from 5 % on; null: none"),
  ratio("second_share", "its share"),
  ...shares,
  amount("acked_bytes", "bytes", "payload that the peer acknowledged meanwhile"),
  amount("received_bytes", "bytes", "payload received in order meanwhile"),
  bitRate("acked_bits_per_second", "acked_bytes over the time"),
  bitRate("received_bits_per_second", "received_bytes over the time"),
  bitRate("peak_bits_per_second", "the most of either in one interval"),
  amount("min_rtt_us", "µs", "shortest round trip"),
  amount("rtt_p50_us", "µs", "median of the smoothed round trip times"),
  ratio("rtt_cv", "standard deviation of the smoothed round trip times by their mean"),
  word("rtt_stability", "stable (below 0.3), unstable (below 0.6), highly variable; null: no round trips"),
  amount("bdp_bytes", "bytes", "bandwidth × shortest round trip; null without a bandwidth"),
  amount("optimal_cwnd_packets", "packets", "bdp_bytes in full segments, rounded up"),
  ratio(
    "utilization",
    "of the bandwidth, by acked_ or received_bits_per_second; null without one. Above 1.05 the bandwidth is wrong",
  ),
  ratio("cwnd_packets", "mean congestion window", "packets"),
  ratio("cwnd_use", "mean of what is in flight by the congestion window"),
  ratio("window_use", "mean of what is in flight by the peer's window, both in bytes; null: unknown"),
  ratio("delivery_of_pacing", "median of delivery by pacing rate, app_limited samples left out; null: none"),
  amount("retransmissions", "packets", "sent again meanwhile"),
  ratio("resent_percent", "payload sent again of payload sent", "%"),
  amount("spurious", "segments", "sent again for nothing, by DSACK"),
  ratio("spurious_percent", "of retransmissions", "%"),
  ratio("send_pressure", "95th percentile of send memory in use by its limit"),
  ratio("receive_pressure", "95th percentile of receive memory in use by its limit"),
  amount("sndbuf_bytes", "bytes", "largest limit of send memory"),
  amount("rcvbuf_bytes", "bytes", "largest limit of receive memory"),
  amount("snd_wnd_bytes", "bytes", "largest window that the peer gave; null: unknown"),
  amount("recv_q_bytes", "bytes", "mean of what the application had not read"),
  amount("rmem_bytes", "bytes", "mean of receive memory in use"),
  amount("drops", "packets", "that the socket dropped meanwhile"),
  { name: "window_scaling", type: "BOOLEAN", meaning: "window scaling was agreed on" },
  amount("max_pacing_bits_per_second", "bit/s", "SO_MAX_PACING_RATE; null: none"),
  amount(
    "queue_bits_per_second",
    "bit/s",
    "rate that a queueing discipline of its host sets: fq's maxrate for it alone, others' for all that leaves by the device; null: none known",
  ),
  word("queue_rate_by", "that queueing discipline and its device"),
  bitRate("queue_carries_bits_per_second", "acked_bits_per_second of all senders here that it has"),
  word("congestion_control", "algorithm of the congestion window"),
];

/** A sender whose queueing discipline carries the rate that it sets: for this connection, or for all of those here that leave by its device; in SQL over `connections`. */
export const queueReached = `(role = 'sender' AND ${hasRate(`CASE WHEN ${ratePerConnection} THEN acked_bits_per_second ELSE queue_carries_bits_per_second END`)})`;

const sums = counters.map((counter) => `sum(${grown(counter)}) AS ${grown(counter)}`).join(", ");

/**
 * One row per connection, as relation `connections`, over those of `stepViews`.
 *
 * @param bandwidth in bits per second; null: unknown.
 */
export function connectionViews(bandwidth: number | null): { [name: string]: string } {
  const bits = bandwidth === null ? "CAST(NULL AS DOUBLE)" : `CAST(${bandwidth} AS DOUBLE)`;
  const ranked = `list_sort([${limits.map((name, index) => `{'share': ${shareColumn(name)}, 'place': ${-index}, 'name': '${name}'}`).join(", ")}], 'DESC')`;
  return {
    summed: `
      SELECT flow, socket, count(*) AS samples, sum(elapsed_us) AS total_us, ${sums}, ${sharesSql},
        max(greatest(d_bytes_acked, d_bytes_received) * 8e6 / elapsed_us) AS peak_bits_per_second,
        min(min_rtt_us) AS min_rtt_us, quantile_disc(rtt_us, 0.5) AS rtt_p50_us, stddev_pop(rtt_us) / nullif(avg(rtt_us), 0) AS rtt_cv,
        max(mss_bytes) AS mss_bytes, avg(cwnd_packets) AS cwnd_packets, avg(in_flight_packets / cwnd_packets) AS cwnd_use,
        avg(in_flight_bytes / nullif(snd_wnd_bytes, 0)) AS window_use, max(snd_wnd_bytes) AS snd_wnd_bytes,
        quantile_disc(CASE WHEN NOT app_limited THEN delivery_bits_per_second / pacing_bits_per_second END, 0.5) AS delivery_of_pacing,
        quantile_disc(wmem_queued_bytes / nullif(sndbuf_bytes, 0), 0.95) AS send_pressure, quantile_disc(rmem_bytes / nullif(rcvbuf_bytes, 0), 0.95) AS receive_pressure,
        max(sndbuf_bytes) AS sndbuf_bytes, max(rcvbuf_bytes) AS rcvbuf_bytes, avg(recv_q_bytes) AS recv_q_bytes, avg(rmem_bytes) AS rmem_bytes,
        bool_and(window_scaling) AS window_scaling, max(max_pacing_bits_per_second) AS max_pacing_bits_per_second, any_value(congestion_control) AS congestion_control,
        any_value(queue_bits_per_second) AS queue_bits_per_second, any_value(queue_rate_by) AS queue_rate_by
      FROM steps GROUP BY flow, socket`,
    ranked: `SELECT *, ${largest("{column}")} AS "limit", ${ranked} AS ranking FROM summed`,
    described: `
      SELECT * EXCLUDE (d_drops), total_us / 1e6 AS seconds,
        CASE WHEN d_bytes_acked > d_bytes_received THEN 'sender' WHEN d_bytes_received > 0 THEN 'receiver' END AS role,
        CASE WHEN "limit" IS NOT NULL THEN ranking[1].share END AS limit_share,
        CASE WHEN "limit" IS NOT NULL AND ranking[2].share >= 0.05 THEN ranking[2].name END AS second_limit,
        CASE WHEN "limit" IS NOT NULL AND ranking[2].share >= 0.05 THEN ranking[2].share END AS second_share,
        d_bytes_acked AS acked_bytes, d_bytes_received AS received_bytes,
        8e6 * d_bytes_acked / total_us AS acked_bits_per_second, 8e6 * d_bytes_received / total_us AS received_bits_per_second,
        CASE WHEN rtt_cv < 0.3 THEN 'stable' WHEN rtt_cv < 0.6 THEN 'unstable' WHEN rtt_cv IS NOT NULL THEN 'highly variable' END AS rtt_stability,
        round(${bits} / 8e6 * min_rtt_us) AS bdp_bytes, ceil(${bits} / 8e6 * min_rtt_us / mss_bytes) AS optimal_cwnd_packets,
        8e6 * greatest(d_bytes_acked, d_bytes_received) / total_us / ${bits} AS utilization,
        d_retrans_packets AS retransmissions, 100.0 * d_bytes_retrans / nullif(d_bytes_sent, 0) AS resent_percent,
        d_dsack_dups AS spurious, 100.0 * d_dsack_dups / nullif(d_retrans_packets, 0) AS spurious_percent, d_drops AS drops
      FROM ranked`,
    connections: `
      SELECT *, CASE WHEN queue_rate_by IS NOT NULL THEN sum(acked_bits_per_second) FILTER (role = 'sender') OVER (PARTITION BY queue_rate_by) END AS queue_carries_bits_per_second
      FROM described ORDER BY greatest(coalesce(acked_bytes, 0), coalesce(received_bytes, 0)) DESC, flow, socket`,
  };
}
