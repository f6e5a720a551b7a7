import { type Column, deriveTable, type Table } from "../../tables/index.js";
import { amount, elapsed, flow, limit, ratio, shares, socket, time, word } from "./columns.js";
import { checkedFilter, checkSamples, type SocketFilter } from "./options.js";
import { stepsOf } from "./steps.js";

const columns: Column[] = [
  time,
  flow,
  socket,
  elapsed,
  limit,
  ...shares,
  amount("in_flight_packets", "packets", "sent, and neither acknowledged nor taken for lost"),
  amount("cwnd_packets", "packets", "congestion window"),
  amount("in_flight_bytes", "bytes", "in_flight_packets of full size"),
  amount("cwnd_bytes", "bytes", "cwnd_packets of full size"),
  amount("snd_wnd_bytes", "bytes", "the peer's window; null where kernel or ss don't tell (5.4, 5.18)"),
  ratio("cwnd_use", "in_flight_packets of cwnd_packets"),
  ratio("window_use", "in_flight_bytes of snd_wnd_bytes; null where that is unknown or 0"),
  word("phase", "slow start (below ssthresh, or there is none yet) or avoidance"),
  ratio("cwnd_change_percent", "of the congestion window since the sample before", "%"),
  word(
    "cwnd_event",
    "timeout: it fell by more than 70 %, loss: by more than 30 %, both with retransmissions; fall without loss: after idling, or an algorithm's own; null: none",
  ),
];

/** What a fall of the congestion window means, in SQL over `steps`. */
export const cwndEventSql = `
  CASE WHEN cwnd_packets >= 0.7 * cwnd_before OR cwnd_before IS NULL THEN NULL WHEN d_retrans_packets = 0 THEN 'fall without loss'
    WHEN d_retrans_packets IS NULL THEN 'fall' WHEN cwnd_packets < 0.3 * cwnd_before THEN 'timeout' ELSE 'loss' END`;

/**
 * Says of each sample what held the connection up since the one before, as shares of that time that add up to 1, and what its windows were: which of them limits it, and how the
 * congestion window changes. Ask the *sender's* samples: a receiver is held up by nothing but its application.
 *
 * Busy time, the peer's window and the send buffer are measured by the kernel (since 4.10; shares are null before); the rest of the busy time goes to loss, pacing, the congestion window, the
 * application or the path by what the sample at its end shows. A share is as coarse as the kernel's tick: of intervals below some 10 ticks (40 ms where HZ is 250) it says nothing.
 * Windows of packets are never held against windows of bytes: a peer's window counts by the time that the kernel says it waited for it.
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: when the sample was taken, by the host's clock
 * - `flow` VARCHAR: own end → peer
 * - `socket` VARCHAR: the kernel's cookie of the socket
 * - `elapsed_us` BIGINT, µs: since the sample before
 * - `limit` VARCHAR: what held it up for the largest share of the time: application, send buffer, receiver window, congestion
 *   window, pacing, loss, path; null: unknown
 * - `application_share` DOUBLE: share of the time, 0 to 1: the application gave it nothing more to send
 * - `send_buffer_share` DOUBLE: share of the time, 0 to 1: its own send buffer was full of what is in flight
 * - `receiver_window_share` DOUBLE: share of the time, 0 to 1: the peer's window allowed no more
 * - `congestion_window_share` DOUBLE: share of the time, 0 to 1: the congestion window was full
 * - `pacing_share` DOUBLE: share of the time, 0 to 1: a rate that somebody set (SO_MAX_PACING_RATE, fq maxrate) was reached
 * - `loss_share` DOUBLE: share of the time, 0 to 1: what was lost was being sent again
 * - `path_share` DOUBLE: share of the time, 0 to 1: none of these: the rate of the path, or a queue in it
 * - `in_flight_packets` BIGINT, packets: sent, and neither acknowledged nor taken for lost
 * - `cwnd_packets` BIGINT, packets: congestion window
 * - `in_flight_bytes` BIGINT, bytes: in_flight_packets of full size
 * - `cwnd_bytes` BIGINT, bytes: cwnd_packets of full size
 * - `snd_wnd_bytes` BIGINT, bytes: the peer's window; null where kernel or ss don't tell (5.4, 5.18)
 * - `cwnd_use` DOUBLE: in_flight_packets of cwnd_packets
 * - `window_use` DOUBLE: in_flight_bytes of snd_wnd_bytes; null where that is unknown or 0
 * - `phase` VARCHAR: slow start (below ssthresh, or there is none yet) or avoidance
 * - `cwnd_change_percent` DOUBLE, %: of the congestion window since the sample before
 * - `cwnd_event` VARCHAR: timeout: it fell by more than 70 %, loss: by more than 30 %, both with retransmissions; fall without
 *   loss: after idling, or an algorithm's own; null: none
 *
 * @param samples as `socketSamples` or `openSocketSamples` return them.
 * @param filter which connections, and when. Default: all.
 * @returns a Table, one row per socket and interval, in order of time.
 * @throws SkbookError `BAD_PARAMETER`.
 * @example await socketWindows(samples)
 */
export async function socketWindows(samples: Table, filter: SocketFilter = {}): Promise<Table> {
  checkSamples("socketWindows", samples);
  return deriveTable("socketWindows", {
    sources: { steps: await stepsOf(samples, checkedFilter("socketWindows", filter)) },
    query: `
      SELECT *, in_flight_packets / cwnd_packets AS cwnd_use, cwnd_packets * mss_bytes AS cwnd_bytes, in_flight_bytes / nullif(snd_wnd_bytes, 0) AS window_use,
        CASE WHEN cwnd_packets IS NULL THEN NULL WHEN ssthresh_packets IS NULL OR cwnd_packets < ssthresh_packets THEN 'slow start' ELSE 'avoidance' END AS phase,
        100.0 * (cwnd_packets - cwnd_before) / cwnd_before AS cwnd_change_percent, ${cwndEventSql} AS cwnd_event
      FROM steps WHERE elapsed_us IS NOT NULL ORDER BY time_ns, flow, socket`,
    columns,
    provenance: { ...samples.provenance, source: "socketWindows" },
  });
}
