import { type Capture, scopeOf, type TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { count, duration, flow, start, word } from "../query/index.js";
import { echoViews } from "./echoes.js";

const columns: Column[] = [
  flow,
  word("src", "who asks"),
  word("dst", "who is asked"),
  { name: "icmp_id", type: "INTEGER", meaning: "identifier of the ping" },
  start,
  duration("duration_ns", "from the first request to the last"),
  count("requests", "in the capture"),
  count("answered", "of those, with a reply"),
  count("lost", "of those to one host, without one though the capture went on for 1 s"),
  { name: "lost_percent", type: "DOUBLE", unit: "%", meaning: "lost of answered and lost" },
  count(
    "missing_requests",
    "numbers between the first and the last request that are not in the capture: it missed them",
  ),
  count("duplicate_replies", "replies beyond the first"),
  count("reordered_replies", "that came after the reply to a later request"),
  count("errors", "requests that met an ICMP error"),
  duration("rtt_min_ns", "shortest round trip, at the point of capture"),
  duration("rtt_mean_ns", "mean of the round trips"),
  duration("rtt_median_ns", "median of them"),
  duration("rtt_p95_ns", "95th percentile of them"),
  duration("rtt_max_ns", "longest of them"),
  duration("jitter_ns", "mean difference of one round trip to the next; null for fewer than two"),
];

/**
 * Pings by conversation: loss, round trip times and their jitter, numbers that are missing.
 *
 * Columns:
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `src` VARCHAR: who asks
 * - `dst` VARCHAR: who is asked
 * - `icmp_id` INTEGER: identifier of the ping
 * - `start_ns` BIGINT, ns since 1970: when it began
 * - `duration_ns` BIGINT, ns: from the first request to the last
 * - `requests` BIGINT, packets: in the capture
 * - `answered` BIGINT, packets: of those, with a reply
 * - `lost` BIGINT, packets: of those to one host, without one though the capture went on for 1 s
 * - `lost_percent` DOUBLE, %: lost of answered and lost
 * - `missing_requests` BIGINT, packets: numbers between the first and the last request that are not in the capture: it missed
 *   them
 * - `duplicate_replies` BIGINT, packets: replies beyond the first
 * - `reordered_replies` BIGINT, packets: that came after the reply to a later request
 * - `errors` BIGINT, packets: requests that met an ICMP error
 * - `rtt_min_ns` BIGINT, ns: shortest round trip, at the point of capture
 * - `rtt_mean_ns` BIGINT, ns: mean of the round trips
 * - `rtt_median_ns` BIGINT, ns: median of them
 * - `rtt_p95_ns` BIGINT, ns: 95th percentile of them
 * - `rtt_max_ns` BIGINT, ns: longest of them
 * - `jitter_ns` BIGINT, ns: mean difference of one round trip to the next; null for fewer than two
 *
 * @param filter which conversations, and when. Default: all.
 * @returns a Table, one row per ping (addresses and identifier), in order of first packets.
 * @throws SkbookError as `flows` does.
 */
export async function pingSummary(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "pingSummary",
    needs: "FROM packets WHERE icmp_type IN (8, 128)",
    views: {
      ...echoViews,
      // Some write their numbers with the lower byte first (Windows XP): all of them end in the same byte then.
      counts: `
        SELECT *, CASE WHEN min(icmp_seq % 256) OVER ping = max(icmp_seq % 256) OVER ping THEN icmp_seq // 256 + icmp_seq % 256 * 256
          ELSE icmp_seq END AS counted
        FROM echoes WINDOW ping AS (PARTITION BY flow_number, src)`,
      steps: `
        SELECT *, (counted - lag(counted) OVER ping + 65536) % 65536 AS step,
          reply_ns < max(reply_ns) OVER (ping ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS late
        FROM counts WINDOW ping AS (PARTITION BY flow_number, src ORDER BY time_ns, frame)`,
      changes: `
        SELECT flow_number, src, avg(abs(rtt_ns - before)) AS jitter_ns FROM (
          SELECT *, lag(rtt_ns) OVER (PARTITION BY flow_number, src ORDER BY time_ns, frame) AS before FROM echoes WHERE rtt_ns IS NOT NULL)
        GROUP BY flow_number, src`,
    },
    query: `
      SELECT any_value(flow) AS flow, src, any_value(dst) AS dst, any_value(icmp_id) AS icmp_id, min(time_ns) AS start_ns,
        max(time_ns) - min(time_ns) AS duration_ns, count(*) AS requests,
        count(*) FILTER (answered) AS answered, count(*) FILTER (NOT answered) AS lost,
        100.0 * count(*) FILTER (NOT answered) / nullif(count(answered), 0) AS lost_percent,
        coalesce(sum(step - 1) FILTER (step BETWEEN 2 AND 32767), 0) AS missing_requests,
        coalesce(sum(replies - 1) FILTER (replies > 1), 0) AS duplicate_replies, count(*) FILTER (late) AS reordered_replies,
        count(reporter) AS errors, min(rtt_ns) AS rtt_min_ns, round(avg(rtt_ns)) AS rtt_mean_ns,
        quantile_disc(rtt_ns, 0.5) AS rtt_median_ns, quantile_disc(rtt_ns, 0.95) AS rtt_p95_ns, max(rtt_ns) AS rtt_max_ns,
        round(any_value(jitter_ns)) AS jitter_ns
      FROM steps JOIN conversations USING (flow_number) LEFT JOIN changes USING (flow_number, src)
      GROUP BY flow_number, src ORDER BY min(frame)`,
    columns,
  });
}
