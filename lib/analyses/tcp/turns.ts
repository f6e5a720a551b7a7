import type { Capture, TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { count, duration, flow, sender, start } from "../query/index.js";
import { sequencesOf } from "./sequence/index.js";

const columns: Column[] = [
  flow,
  { name: "turn", type: "INTEGER", meaning: "from 1; each change of the sender begins one" },
  sender,
  start,
  duration("duration_ns", "from its first data packet to its last"),
  count("packets", "with data"),
  { name: "payload_bytes", type: "BIGINT", unit: "bytes", meaning: "of those" },
  duration(
    "wait_ns",
    "from the last data of the other side, or the first turn from the handshake's end: how long this side thought, its path to the point of capture included; null without either",
  ),
  duration("longest_pause_ns", "longest time without data within the turn"),
];

/**
 * Who speaks when in each TCP connection: turns of data, and the wait before each one. The wait before a turn of the server is its
 * think time, before one of the client the client's. Data sent again, keep-alives and window probes begin no turn.
 *
 * Columns:
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `turn` INTEGER: from 1; each change of the sender begins one
 * - `sender` VARCHAR: client or server: who sent it
 * - `start_ns` BIGINT, ns since 1970: when it began
 * - `duration_ns` BIGINT, ns: from its first data packet to its last
 * - `packets` BIGINT, packets: with data
 * - `payload_bytes` BIGINT, bytes: of those
 * - `wait_ns` BIGINT, ns: from the last data of the other side, or the first turn from the handshake's end: how long this side
 *   thought, its path to the point of capture included; null without either
 * - `longest_pause_ns` BIGINT, ns: longest time without data within the turn
 *
 * @param filter which connections, and when. Default: all.
 * @returns a Table, one row per turn, by connection and time.
 * @throws SkbookError as `flows` does.
 */
export async function tcpTurns(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await sequencesOf(capture, filter);
  return scope.table({
    source: "tcpTurns",
    views: {
      taken: `
        SELECT flow_number, turn, any_value(sender) AS sender, min(time_ns) AS start_ns,
          max(time_ns) - min(time_ns) AS duration_ns, count(*) AS packets, sum(tcp_len_bytes) AS payload_bytes,
          arg_min(wait_ns, place) AS wait_ns, max(pause_ns, 2) AS pauses, arg_min(coalesce(pause_ns, -1), place) AS before_ns
        FROM tcp WHERE turn IS NOT NULL GROUP BY flow_number, turn`,
    },
    query: `
      SELECT flow, taken.*,
        -- What was before the first packet that was chosen is no pause between those.
        coalesce(CASE WHEN pauses[1] = before_ns THEN pauses[2] ELSE pauses[1] END, 0) AS longest_pause_ns
      FROM taken JOIN conversations USING (flow_number) ORDER BY flow_number, turn`,
    columns,
  });
}
