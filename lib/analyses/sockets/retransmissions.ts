import { type Column, deriveTable, type Table } from "../../tables/index.js";
import { amount, elapsed, flow, ratio, socket, time, word } from "./columns.js";
import { checkedFilter, checkSamples, type SocketFilter } from "./options.js";
import { stepsOf } from "./steps.js";
import { cwndEventSql } from "./windows.js";

const columns: Column[] = [
  time,
  flow,
  socket,
  elapsed,
  amount("retransmissions", "packets", "sent again since the sample before"),
  amount("resent_bytes", "bytes", "payload of those; null where the kernel doesn't count it (4.19)"),
  ratio("resent_percent", "resent_bytes of all that was sent meanwhile", "%"),
  amount(
    "spurious",
    "segments",
    "that the peer said came twice (DSACK): sent again for nothing, mostly a moment before",
  ),
  ratio("spurious_percent", "spurious of retransmissions; above 100: of earlier ones", "%"),
  amount(
    "burst",
    "",
    "number of the burst that it belongs to: intervals in a row with 5 or more; null: none",
  ),
  word("burst_severity", "of its interval: HIGH above 20, MEDIUM above 10, LOW from 5 on; null: no burst"),
  amount("lost_packets", "packets", "taken for lost at the sample"),
  amount("backoff", "timeouts", "times that the timeout was doubled"),
  amount("reordering_seen", "events", "reordering since the sample before"),
  word("cwnd_event", "what became of the congestion window, as socketWindows has it"),
];

const least = 5;

/**
 * Says when a connection sent data again: how much, how much of that for nothing, and in which bursts. Counts are what the kernel's totals grew by between two samples.
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: when the sample was taken, by the host's clock
 * - `flow` VARCHAR: own end → peer
 * - `socket` VARCHAR: the kernel's cookie of the socket
 * - `elapsed_us` BIGINT, µs: since the sample before
 * - `retransmissions` BIGINT, packets: sent again since the sample before
 * - `resent_bytes` BIGINT, bytes: payload of those; null where the kernel doesn't count it (4.19)
 * - `resent_percent` DOUBLE, %: resent_bytes of all that was sent meanwhile
 * - `spurious` BIGINT, segments: that the peer said came twice (DSACK): sent again for nothing, mostly a moment before
 * - `spurious_percent` DOUBLE, %: spurious of retransmissions; above 100: of earlier ones
 * - `burst` BIGINT, : number of the burst that it belongs to: intervals in a row with 5 or more; null: none
 * - `burst_severity` VARCHAR: of its interval: HIGH above 20, MEDIUM above 10, LOW from 5 on; null: no burst
 * - `lost_packets` BIGINT, packets: taken for lost at the sample
 * - `backoff` BIGINT, timeouts: times that the timeout was doubled
 * - `reordering_seen` BIGINT, events: reordering since the sample before
 * - `cwnd_event` VARCHAR: what became of the congestion window, as socketWindows has it
 *
 * @param samples as `socketSamples` or `openSocketSamples` return them.
 * @param filter which connections, and when. Default: all.
 * @returns a Table, one row per socket and interval with retransmissions or news of spurious ones, in order of time.
 * @throws SkbookError `BAD_PARAMETER`.
 * @example await socketRetransmissions(samples)
 */
export async function socketRetransmissions(samples: Table, filter: SocketFilter = {}): Promise<Table> {
  checkSamples("socketRetransmissions", samples);
  return deriveTable("socketRetransmissions", {
    sources: { steps: await stepsOf(samples, checkedFilter("socketRetransmissions", filter)) },
    views: {
      marked: `
        SELECT *, d_retrans_packets >= ${least} AS bursting,
          coalesce(lag(d_retrans_packets >= ${least}) OVER (PARTITION BY flow, socket ORDER BY sample), false) AS burst_before
        FROM steps WHERE elapsed_us IS NOT NULL`,
      numbered: `
        SELECT *, CASE WHEN bursting THEN count(CASE WHEN bursting AND NOT burst_before THEN 1 END) OVER (PARTITION BY flow, socket ORDER BY sample) END AS burst
        FROM marked`,
    },
    query: `
      SELECT *, d_retrans_packets AS retransmissions, d_bytes_retrans AS resent_bytes, 100.0 * d_bytes_retrans / nullif(d_bytes_sent, 0) AS resent_percent,
        d_dsack_dups AS spurious, 100.0 * d_dsack_dups / nullif(d_retrans_packets, 0) AS spurious_percent,
        CASE WHEN d_retrans_packets > 20 THEN 'HIGH' WHEN d_retrans_packets > 10 THEN 'MEDIUM' WHEN bursting THEN 'LOW' END AS burst_severity,
        d_reordering_seen AS reordering_seen, ${cwndEventSql} AS cwnd_event
      FROM (SELECT * EXCLUDE (reordering_seen) FROM numbered) WHERE d_retrans_packets > 0 OR d_dsack_dups > 0 ORDER BY time_ns, flow, socket`,
    columns,
    provenance: { ...samples.provenance, source: "socketRetransmissions" },
  });
}
