import type { Capture, TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { duration, flow, frame, time, word } from "../query/index.js";
import { sequencesOf } from "./sequence/index.js";

/**
 * Round trips of what a side sent, as relation `trips`. By ack: from a segment to the ack of exactly its end, but none of what was
 * sent again, since the ack may be of either (Karn's rule), nor of what came behind a hole, which waits for the hole's end. By timestamp: from the first data with a timestamp to its first echo,
 * which stays right under retransmission (RFC 7323).
 */
export const tripViews = {
  acked: `
    SELECT flow_number, NOT from_client AS of_client, frame, time_ns, trip_ns AS rtt_ns, 'ack' AS "by" FROM tcp WHERE trip_ns IS NOT NULL`,
  stamped: `
    SELECT flow_number, from_client AS of_client, tcp_tsval AS stamp, min(place) AS place, arg_min(time_ns, place) AS time_ns
    FROM tcp WHERE tcp_len_bytes > 0 AND tcp_tsval IS NOT NULL GROUP BY flow_number, from_client, tcp_tsval`,
  echoed: `
    SELECT flow_number, NOT from_client AS of_client, tcp_tsecr AS stamp, min(place) AS place, arg_min(frame, place) AS frame, arg_min(time_ns, place) AS time_ns
    FROM tcp WHERE ack AND tcp_tsecr > 0 GROUP BY flow_number, from_client, tcp_tsecr`,
  trips: `
    FROM acked
    UNION ALL
    SELECT flow_number, of_client, echoed.frame, echoed.time_ns, echoed.time_ns - stamped.time_ns AS rtt_ns, 'timestamp' AS "by"
    FROM stamped JOIN echoed USING (flow_number, of_client, stamp) WHERE echoed.place > stamped.place AND echoed.time_ns >= stamped.time_ns`,
};

const columns: Column[] = [
  frame,
  time,
  flow,
  word("sender", "client or server: whose data went there and was acknowledged"),
  duration("rtt_ns", "from the point of capture to the other side and back, its time to answer included"),
  word("by", "ack: a segment and its ack; timestamp: a timestamp and its echo"),
];

/**
 * Round trip times of TCP, sample by sample. A capture beside the sender sees the whole path; one beside the receiver sees only how
 * long the receiver takes: add the samples of both senders for the whole. Delayed acks and an answer's waiting time are included.
 *
 * Columns:
 * - `frame` INTEGER: number of the packet in the file
 * - `time_ns` BIGINT, ns since 1970: when it was captured
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `sender` VARCHAR: client or server: whose data went there and was acknowledged
 * - `rtt_ns` BIGINT, ns: from the point of capture to the other side and back, its time to answer included
 * - `by` VARCHAR: ack: a segment and its ack; timestamp: a timestamp and its echo
 *
 * @param filter which connections, and when. Default: all.
 * @returns a Table, one row per sample, in the order of the file.
 * @throws SkbookError as `flows` does.
 */
export async function rttSamples(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await sequencesOf(capture, filter);
  return scope.table({
    source: "rttSamples",
    views: tripViews,
    query: `
      SELECT frame, time_ns, flow, CASE WHEN of_client THEN 'client' ELSE 'server' END AS sender, rtt_ns, "by"
      FROM trips JOIN conversations USING (flow_number) ORDER BY frame, "by"`,
    columns,
  });
}
