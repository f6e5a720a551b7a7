import type { Capture, TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { count, flag, flow, frame, time, word } from "../query/index.js";
import { edgesOnScale, onScale } from "./blocks.js";
import { sequencesOf } from "./sequence/index.js";

const columns: Column[] = [
  frame,
  time,
  flow,
  word("acker", "client or server: who sent the ack"),
  { name: "tcp_ack", type: "BIGINT", meaning: "everything before it arrived" },
  count("blocks", "blocks of data that arrived out of order, the one of a D-SACK not counted", "blocks"),
  { name: "sacked_bytes", type: "BIGINT", unit: "bytes", meaning: "all of those together" },
  { name: "missing_bytes", type: "BIGINT", unit: "bytes", meaning: "holes before the last of them" },
  flag("dsack", "it says that data arrived twice (RFC 2883)"),
  {
    name: "dsack_bytes",
    type: "BIGINT",
    unit: "bytes",
    meaning: "how much arrived twice; null without D-SACK",
  },
];

/**
 * Selective acks: what had arrived beyond a hole, how big the holes were, and (D-SACK) what had arrived twice, so that it was
 * sent again without need.
 *
 * Columns:
 * - `frame` INTEGER: number of the packet in the file
 * - `time_ns` BIGINT, ns since 1970: when it was captured
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `acker` VARCHAR: client or server: who sent the ack
 * - `tcp_ack` BIGINT: everything before it arrived
 * - `blocks` BIGINT, blocks: blocks of data that arrived out of order, the one of a D-SACK not counted
 * - `sacked_bytes` BIGINT, bytes: all of those together
 * - `missing_bytes` BIGINT, bytes: holes before the last of them
 * - `dsack` BOOLEAN: it says that data arrived twice (RFC 2883)
 * - `dsack_bytes` BIGINT, bytes: how much arrived twice; null without D-SACK
 *
 * @param filter which connections, and when. Default: all.
 * @returns a Table, one row per packet with such blocks, in the order of the file.
 * @throws SkbookError as `flows` does.
 */
export async function selectiveAcks(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await sequencesOf(capture, filter);
  return scope.table({
    source: "selectiveAcks",
    views: {
      edges: `
        SELECT *, ${edgesOnScale("sack_le")} AS starts, ${edgesOnScale("sack_re")} AS stops FROM tcp WHERE sack_le IS NOT NULL`,
      // What lies before the ack arrived in order by now.
      blocks: `
        SELECT *, list_transform(
            list_filter(list_zip(starts, stops), x -> x[2] > ack_number
              AND (dsack_le IS NULL OR x[1] <> ${onScale("dsack_le")} OR x[2] <> ${onScale("dsack_re")})),
            x -> [greatest(x[1], ack_number), x[2]]) AS blocks
        FROM edges`,
      sums: `
        SELECT *, coalesce(list_sum(list_transform(blocks, x -> x[2] - x[1])), 0) AS sacked FROM blocks`,
    },
    query: `
      SELECT frame, time_ns, flow, sender AS acker, ack_number AS tcp_ack, len(blocks) AS blocks, sacked AS sacked_bytes,
        coalesce(list_max(list_transform(blocks, x -> x[2])) - ack_number - sacked, 0) AS missing_bytes,
        dsack_le IS NOT NULL AS dsack, dsack_re - dsack_le AS dsack_bytes
      FROM sums JOIN conversations USING (flow_number) ORDER BY frame`,
    columns,
  });
}
