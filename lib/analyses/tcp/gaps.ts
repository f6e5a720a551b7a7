import type { Capture, TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { duration, flow, frame, sender, time, word } from "../query/index.js";
import { sequencesOf } from "./sequence/index.js";

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
  const scope = await sequencesOf(capture, filter);
  return scope.table({
    source: "tcpGaps",
    views: {
      gaps: `
        SELECT frame, any_value(by_ack) AS by_ack, min(begin_number) AS begin_number, sum(missing_bytes) AS missing_bytes,
          bool_or(fate = 'resent') AS resent, bool_or(fate = 'missed' OR (fate = 'never' AND acked_frame IS NOT NULL)) AS missed,
          bool_or(fate = 'out of order') AS overtaken, bool_or(fate = 'after its ack') AS late,
          CASE WHEN bool_and(filled_ns IS NOT NULL) THEN max(filled_ns) END AS filled_ns
        FROM holes GROUP BY frame`,
    },
    query: `
      SELECT frame, time_ns, flow, CASE WHEN from_client = by_ack THEN 'server' ELSE 'client' END AS sender,
        begin_number AS tcp_seq, missing_bytes,
        CASE
          WHEN gaps.resent THEN 'resent'
          WHEN missed THEN 'missed by the capture'
          WHEN overtaken THEN 'out of order'
          WHEN late THEN 'captured after its ack'
          ELSE 'unknown' END AS explanation,
        filled_ns
      FROM gaps JOIN tcp USING (frame) JOIN conversations USING (flow_number) ORDER BY frame`,
    columns,
  });
}
