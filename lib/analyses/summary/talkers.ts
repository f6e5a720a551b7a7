import { type Capture, scopeOf, type TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";

const columns: Column[] = [
  { name: "address", type: "VARCHAR", meaning: "innermost address" },
  { name: "sent_packets", type: "BIGINT", unit: "packets", meaning: "with it as source" },
  { name: "received_packets", type: "BIGINT", unit: "packets", meaning: "with it as destination" },
  { name: "sent_wire_bytes", type: "BIGINT", unit: "bytes", meaning: "sent, as on the wire" },
  { name: "received_wire_bytes", type: "BIGINT", unit: "bytes", meaning: "received, as on the wire" },
  {
    name: "bytes_percent",
    type: "DOUBLE",
    unit: "%",
    meaning: "of all bytes between addresses, it has sent or received",
  },
  { name: "flows", type: "BIGINT", meaning: "conversations that it takes part in" },
  { name: "opened", type: "BIGINT", meaning: "of those, opened by it" },
];

/**
 * Who sends and receives the most, by address: senders by `sent_wire_bytes`, receivers by `received_wire_bytes`.
 *
 * Columns:
 * - `address` VARCHAR: innermost address
 * - `sent_packets` BIGINT, packets: with it as source
 * - `received_packets` BIGINT, packets: with it as destination
 * - `sent_wire_bytes` BIGINT, bytes: sent, as on the wire
 * - `received_wire_bytes` BIGINT, bytes: received, as on the wire
 * - `bytes_percent` DOUBLE, %: of all bytes between addresses, it has sent or received
 * - `flows` BIGINT: conversations that it takes part in
 * - `opened` BIGINT: of those, opened by it
 *
 * @param filter which conversations, and when. Default: all.
 * @returns a Table, one row per address, the most bytes first: `.head(10)`.
 * @throws SkbookError as `flows` does.
 */
export async function talkers(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "talkers",
    views: {
      pairs: `
        SELECT src, dst, flow_number, count(*) AS packets, sum(wire_bytes) AS bytes
        FROM seen WHERE src IS NOT NULL GROUP BY src, dst, flow_number`,
      halves: `
        SELECT src AS address, flow_number, packets AS sent, 0 AS received, bytes AS sent_bytes, 0 AS received_bytes FROM pairs
        UNION ALL
        SELECT dst, flow_number, 0, packets, 0, bytes FROM pairs`,
    },
    query: `
      SELECT address, sum(sent) AS sent_packets, sum(received) AS received_packets,
        sum(sent_bytes) AS sent_wire_bytes, sum(received_bytes) AS received_wire_bytes,
        100.0 * sum(sent_bytes + received_bytes) / (SELECT nullif(sum(bytes), 0) FROM pairs) AS bytes_percent,
        count(DISTINCT flow_number) AS flows,
        count(DISTINCT flow_number) FILTER (client = address) AS opened
      FROM halves LEFT JOIN conversations USING (flow_number)
      GROUP BY address ORDER BY sum(sent_bytes + received_bytes) DESC, address`,
    columns,
  });
}
