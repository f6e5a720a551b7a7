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
      sizes: `
        SELECT flow_number, from_client,
          greatest(least(max(tcp_len_bytes), coalesce(min(min(tcp_mss_bytes)) OVER (PARTITION BY flow_number), ${usualSegment})), ${leastSegment}) AS bytes
        FROM tcp WHERE ${among("flow_number", "late")} GROUP BY flow_number, from_client`,
      undelayed: `
        SELECT sizes.flow_number, sizes.from_client, quantile_disc(trip_ns, 0.5) AS undelayed_median_ns
        FROM tcp JOIN sizes ON sizes.flow_number = tcp.flow_number AND sizes.from_client <> tcp.from_client
        WHERE trip_ns > ${delayedNs} OR trip_ns IS NOT NULL AND open_bytes >= 2 * bytes
        GROUP BY sizes.flow_number, sizes.from_client`,
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
