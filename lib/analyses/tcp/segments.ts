import type { Capture, TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { flag, flow, frame, sender, time, word } from "../query/index.js";
import { edgesOnScale } from "./blocks.js";

import { sequencesOf } from "./sequence/index.js";

const bytes = (name: string, meaning: string): Column => ({ name, type: "BIGINT", unit: "bytes", meaning });
const number = (name: string, meaning: string): Column => ({ name, type: "BIGINT", meaning });

const columns: Column[] = [
  frame,
  time,
  flow,
  sender,
  word(
    "kind",
    "rst; sent again: syn, fast, recovery, rto, spurious, as retransmissions() has them; fin, keep-alive, window probe, data, duplicate ack, ack",
  ),
  number("tcp_seq", "its sequence number, relative; goes on counting where 32 bits start anew"),
  number("tcp_seq_end", "the sequence number after it: payload, SYN and FIN count"),
  number("tcp_ack", "acknowledged number, relative to the other side's data; null without ACK"),
  bytes("payload_bytes", "payload"),
  bytes(
    "window_bytes",
    "receive window that it announces; null where the scale is unknown (no handshake in the capture), and in a RST",
  ),
  number("window_edge", "tcp_ack + window_bytes: the other side may send up to there"),
  word("sack_le", "left edges of its SACK blocks, joined by commas; a D-SACK's comes first"),
  word("sack_re", "their right edges"),
  flag("dsack", "the first block is a D-SACK: that data arrived twice"),
  bytes("in_flight_bytes", "sent and not yet acknowledged at the point of capture, this one included"),
  flag("retransmission", "sent again"),
  flag("out_of_order", "arrived after later data, too soon for a retransmission"),
  flag("lost_segment", "data before it is not in the capture"),
  flag("zero_window", "its sender's receive buffer is full"),
  flag("window_full", "fills the other side's receive window"),
];

/**
 * TCP packet by packet, as a graph of sequence numbers over time needs them: what was sent, acknowledged and allowed. Numbers are
 * relative to each side's first. Copies of packets are left out.
 *
 * Columns:
 * - `frame` INTEGER: number of the packet in the file
 * - `time_ns` BIGINT, ns since 1970: when it was captured
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `sender` VARCHAR: client or server: who sent it
 * - `kind` VARCHAR: rst; sent again: syn, fast, recovery, rto, spurious, as retransmissions() has them; fin, keep-alive, window
 *   probe, data, duplicate ack, ack
 * - `tcp_seq` BIGINT: its sequence number, relative; goes on counting where 32 bits start anew
 * - `tcp_seq_end` BIGINT: the sequence number after it: payload, SYN and FIN count
 * - `tcp_ack` BIGINT: acknowledged number, relative to the other side's data; null without ACK
 * - `payload_bytes` BIGINT, bytes: payload
 * - `window_bytes` BIGINT, bytes: receive window that it announces; null where the scale is unknown (no handshake in the
 *   capture), and in a RST
 * - `window_edge` BIGINT: tcp_ack + window_bytes: the other side may send up to there
 * - `sack_le` VARCHAR: left edges of its SACK blocks, joined by commas; a D-SACK's comes first
 * - `sack_re` VARCHAR: their right edges
 * - `dsack` BOOLEAN: the first block is a D-SACK: that data arrived twice
 * - `in_flight_bytes` BIGINT, bytes: sent and not yet acknowledged at the point of capture, this one included
 * - `retransmission` BOOLEAN: sent again
 * - `out_of_order` BOOLEAN: arrived after later data, too soon for a retransmission
 * - `lost_segment` BOOLEAN: data before it is not in the capture
 * - `zero_window` BOOLEAN: its sender's receive buffer is full
 * - `window_full` BOOLEAN: fills the other side's receive window
 *
 * @param filter which connections, and when. Default: all.
 * @returns a Table, one row per TCP packet, in the order of the file.
 * @throws SkbookError as `flows` does.
 * @example await timeSequence(await tcpSegments(cap, { flow: "tcp 5" }))
 */
export async function tcpSegments(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await sequencesOf(capture, filter);
  const edges = (name: string) => `array_to_string(${edgesOnScale(name)}, ',')`;
  const known = "NOT rst AND (syn OR tcp_window_scale <> -1)";
  return scope.table({
    source: "tcpSegments",
    query: `
      SELECT frame, time_ns, flow, sender,
        CASE
          WHEN rst THEN 'rst'
          WHEN resent IS NOT NULL THEN resent
          WHEN syn THEN 'syn'
          WHEN fin THEN 'fin'
          WHEN keep_alive THEN 'keep-alive'
          WHEN window_probe THEN 'window probe'
          WHEN tcp_len_bytes > 0 THEN 'data'
          WHEN duplicate_ack IS NOT NULL THEN 'duplicate ack'
          ELSE 'ack' END AS kind,
        number AS tcp_seq,
        number + tcp_len_bytes + CAST(syn OR fin AS INTEGER) AS tcp_seq_end,
        ack_number AS tcp_ack, tcp_len_bytes AS payload_bytes,
        CASE WHEN ${known} THEN tcp_window_bytes END AS window_bytes,
        CASE WHEN ${known} THEN ack_number + tcp_window_bytes END AS window_edge,
        ${edges("sack_le")} AS sack_le, ${edges("sack_re")} AS sack_re, dsack_le IS NOT NULL AS dsack,
        in_flight_bytes, resent IS NOT NULL AS retransmission, out_of_order, hole_bytes IS NOT NULL AS lost_segment, zero_window, window_full
      FROM tcp JOIN conversations USING (flow_number) ORDER BY frame`,
    columns,
  });
}
