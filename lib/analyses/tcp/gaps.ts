import { type Capture, scopeOf, type TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { duration, flow, frame, sender, time, word } from "../query/index.js";

const columns: Column[] = [
  frame,
  time,
  flow,
  sender,
  { name: "tcp_seq", type: "BIGINT", meaning: "where the missing data starts, relative" },
  {
    name: "missing_bytes",
    type: "BIGINT",
    unit: "bytes",
    meaning: "missing before this packet; null where none of it is known",
  },
  word(
    "explanation",
    "out of order (came later, too soon to be sent again); resent (lost before the point of capture); missed by the capture (the receiver has it); unknown",
  ),
  duration("filled_ns", "until the missing data came; null where it never did"),
];

/**
 * Data missing from TCP connections when later data came, and what became of it. Only `resent` is loss on the way to the point of
 * capture; `missed by the capture` is the capture's own.
 *
 * Columns:
 * - `frame` INTEGER: number of the packet in the file
 * - `time_ns` BIGINT, ns since 1970: when it was captured
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `sender` VARCHAR: client or server: who sent it
 * - `tcp_seq` BIGINT: where the missing data starts, relative
 * - `missing_bytes` BIGINT, bytes: missing before this packet; null where none of it is known
 * - `explanation` VARCHAR: out of order (came later, too soon to be sent again); resent (lost before the point of capture);
 *   missed by the capture (the receiver has it); unknown
 * - `filled_ns` BIGINT, ns: until the missing data came; null where it never did
 *
 * @param filter which connections, and when. Default: all.
 * @returns a Table, one row per gap, in the order of the file.
 * @throws SkbookError as `flows` does.
 */
export async function tcpGaps(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "tcpGaps",
    views: {
      incomplete: "SELECT DISTINCT flow_number FROM tcp WHERE lost_segment",
      streams: `
        SELECT *, max(tcp_seq + tcp_len_bytes + CAST(syn OR fin AS INTEGER)) OVER (
          PARTITION BY flow_number, from_client ORDER BY frame ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS expected
        FROM tcp SEMI JOIN incomplete USING (flow_number)`,
      holes: `
        SELECT frame, time_ns, flow_number, from_client, sender, tcp_seq AS stop,
          CASE WHEN expected < tcp_seq THEN expected END AS begin FROM streams WHERE lost_segment`,
      // The holes of a side lie one behind the other: only the last one that begins before a segment can be the one that it fills.
      fillers: `
        SELECT holes.frame, min(streams.frame) AS filler, min(streams.time_ns) AS filler_ns, arg_min(out_of_order, streams.frame) AS late
        FROM (FROM streams WHERE tcp_len_bytes > 0 AND tcp_seq < expected) streams
        ASOF JOIN (FROM holes WHERE begin IS NOT NULL) holes
          ON streams.flow_number = holes.flow_number AND streams.from_client = holes.from_client AND streams.tcp_seq >= begin
        WHERE streams.tcp_seq < stop AND streams.frame > holes.frame
        GROUP BY holes.frame`,
      received: `
        SELECT flow_number, NOT from_client AS from_client, max(tcp_ack) AS received FROM streams WHERE ack GROUP BY ALL`,
    },
    query: `
      SELECT holes.frame, time_ns, flow, sender, begin AS tcp_seq, stop - begin AS missing_bytes,
        CASE
          WHEN late THEN 'out of order'
          WHEN filler IS NOT NULL THEN 'resent'
          WHEN received >= stop THEN 'missed by the capture'
          ELSE 'unknown' END AS explanation,
        filler_ns - time_ns AS filled_ns
      FROM holes JOIN conversations USING (flow_number) LEFT JOIN fillers USING (frame)
        LEFT JOIN received USING (flow_number, from_client)
      ORDER BY holes.frame`,
    columns,
  });
}
