import type { Table } from "../../../tables/index.js";
import { among, duration } from "../../query/index.js";
import type { Subject } from "../../subject/index.js";
import { tcpHealth } from "../health.js";
import { sequencesOf } from "../sequence/index.js";

/** A receiver may hold an ack back for so long (RFC 1122, 4.2.3.2), unless two full segments wait for it. */
const delayedNs = 500_000_000;
/** Where no SYN tells the largest segment, it is what Ethernet carries; receivers reckon with no smaller ones than 536. */
const usualSegment = 1460;
const leastSegment = 536;

/**
 * The health of connections, and the median of the round trips that no receiver can have made longer by holding its ack back, where the mean
 * of all of them is above a limit.
 */
export async function pathTrips(
  { capture, filter }: Subject,
  { meanMs, least }: { meanMs: number; least: number },
): Promise<Table> {
  const health = await tcpHealth(capture, filter);
  const scope = await sequencesOf(capture, filter);
  return scope.table({
    source: "pathTrips",
    sources: { health },
    views: {
      late: `
        SELECT DISTINCT flow_number FROM health JOIN conversations USING (flow) WHERE rtt_mean_ns > ${meanMs * 1e6} AND rtt_samples >= ${least}`,
      concerned: `
        SELECT flow_number, from_client, place, number + tcp_len_bytes AS stop, ack_number - acked_bytes AS settled, trip_ns, tcp_len_bytes, tcp_mss_bytes
        FROM tcp WHERE ${among("flow_number", "late")} AND (tcp_len_bytes > 0 OR trip_ns IS NOT NULL OR tcp_mss_bytes IS NOT NULL)`,
      sizes: `
        SELECT flow_number, from_client,
          greatest(least(max(tcp_len_bytes), coalesce(min(min(tcp_mss_bytes)) OVER (PARTITION BY flow_number), ${usualSegment})), ${leastSegment}) AS bytes
        FROM concerned GROUP BY flow_number, from_client`,
      // What each side had sent when the acks of it came.
      acked: `
        SELECT flow_number, from_client, trip_ns,
          max(stop) OVER (PARTITION BY flow_number, from_client ORDER BY place ROWS UNBOUNDED PRECEDING) - settled AS open_bytes
        FROM (
          SELECT flow_number, from_client, place, stop, NULL AS trip_ns, NULL AS settled FROM concerned WHERE tcp_len_bytes > 0
          UNION ALL
          SELECT flow_number, NOT from_client, place, NULL, trip_ns, settled FROM concerned WHERE trip_ns IS NOT NULL)`,
      undelayed: `
        SELECT flow_number, from_client, quantile_disc(trip_ns, 0.5) AS undelayed_median_ns
        FROM acked JOIN sizes USING (flow_number, from_client)
        WHERE trip_ns > ${delayedNs} OR trip_ns IS NOT NULL AND open_bytes >= 2 * bytes
        GROUP BY flow_number, from_client`,
    },
    query: `
      SELECT health.*, undelayed_median_ns
      FROM health JOIN conversations USING (flow)
        LEFT JOIN undelayed ON undelayed.flow_number = conversations.flow_number AND from_client = (sender = 'client')
      ORDER BY conversations.flow_number, sender`,
    columns: [
      ...health.schema,
      duration(
        "undelayed_median_ns",
        "median of the acks that their sender can't have held back (RFC 1122): of two full segments, or after 500 ms; null: none, or not looked for",
      ),
    ],
  });
}
