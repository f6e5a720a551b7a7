import type { Capture, TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { duration, flag, flow, frame, sender, time, word } from "../query/index.js";
import { onScale } from "./blocks.js";
import { resentViews } from "./resent.js";
import { sequencesOf } from "./sequence/index.js";

const columns: Column[] = [
  frame,
  time,
  flow,
  sender,
  word(
    "kind",
    "syn, fast, recovery (more of the same loss), rto (a timer ran out), spurious (it was acknowledged already)",
  ),
  { name: "tcp_seq", type: "BIGINT", meaning: "its sequence number, relative" },
  { name: "resent_bytes", type: "INTEGER", unit: "bytes", meaning: "payload that was sent again" },
  duration(
    "waited_ns",
    "since the segment was sent before; null where tshark doesn't say: SYNs, fast and spurious ones",
  ),
  flag("needless", "the receiver said by D-SACK that it had it already"),
];

/**
 * Every TCP retransmission, with its kind. `syn`, `fast` and `spurious` are what tshark says; the rest is `recovery` where it follows an ack
 * within 20 ms that repeats, selects or moves on, else `rto`. Copies of a packet are no retransmissions, nor are keep-alives and window probes.
 *
 * Columns:
 * - `frame` INTEGER: number of the packet in the file
 * - `time_ns` BIGINT, ns since 1970: when it was captured
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `sender` VARCHAR: client or server: who sent it
 * - `kind` VARCHAR: syn, fast, recovery (more of the same loss), rto (a timer ran out), spurious (it was acknowledged already)
 * - `tcp_seq` BIGINT: its sequence number, relative
 * - `resent_bytes` INTEGER, bytes: payload that was sent again
 * - `waited_ns` BIGINT, ns: since the segment was sent before; null where tshark doesn't say: SYNs, fast and spurious ones
 * - `needless` BOOLEAN: the receiver said by D-SACK that it had it already
 *
 * @param filter which connections, and when. Default: all.
 * @returns a Table, one row per retransmission, in the order of the file.
 * @throws SkbookError as `flows` does.
 */
export async function retransmissions(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await sequencesOf(capture, filter);
  return scope.table({
    source: "retransmissions",
    views: {
      ...resentViews,
      // How far the D-SACKs reach that begin before some place: two ranges overlap where each begins before the other's end.
      doubled: `
        SELECT flow_number, NOT from_client AS to_client, twice_from,
          max(twice_to) OVER (PARTITION BY flow_number, from_client ORDER BY twice_from) AS twice_to
        FROM (
          SELECT *, ${onScale("dsack_le")} AS twice_from, ${onScale("dsack_re")} AS twice_to FROM tcp WHERE dsack_le IS NOT NULL)`,
      needless: `
        SELECT frame FROM retransmitted ASOF JOIN doubled
          ON retransmitted.flow_number = doubled.flow_number AND from_client = to_client AND number + tcp_len_bytes > twice_from
        WHERE number < twice_to`,
    },
    query: `
      SELECT retransmitted.frame, time_ns, flow, sender, kind, number AS tcp_seq, resent_bytes, waited_ns,
        needless.frame IS NOT NULL AS needless
      FROM retransmitted JOIN conversations USING (flow_number) LEFT JOIN needless USING (frame) ORDER BY retransmitted.frame`,
    columns,
  });
}
