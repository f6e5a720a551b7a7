import { type Capture, scopeOf, type TrafficFilter } from "../../captures/index.js";
import type { Column, Frame } from "../../tables/index.js";

const columns: Column[] = [
  { name: "from_bytes", type: "INTEGER", unit: "bytes", meaning: "smallest length of the class" },
  {
    name: "to_bytes",
    type: "INTEGER",
    unit: "bytes",
    meaning: "largest length of the class; null: no limit",
  },
  { name: "packets", type: "BIGINT", unit: "packets", meaning: "of that length on the wire" },
  { name: "packets_percent", type: "DOUBLE", unit: "%", meaning: "of all packets" },
  { name: "wire_bytes", type: "BIGINT", unit: "bytes", meaning: "all of them together" },
];

/** First lengths of the classes: up to 1518 Ethernet, to 9018 jumbo frames, above them super-frames of offloading. */
const classes = [0, 64, 128, 256, 512, 1024, 1519, 9019];

/**
 * How long the packets were on the wire, by class of length. Above 1518 bytes are jumbo frames, or several segments that
 * offloading shows as one packet; above 9018 only the latter.
 *
 * Columns:
 * - `from_bytes` INTEGER, bytes: smallest length of the class
 * - `to_bytes` INTEGER, bytes: largest length of the class; null: no limit
 * - `packets` BIGINT, packets: of that length on the wire
 * - `packets_percent` DOUBLE, %: of all packets
 * - `wire_bytes` BIGINT, bytes: all of them together
 *
 * @param filter which conversations, and when. Default: all.
 * @returns a Frame, one row per class, empty classes too.
 * @throws SkbookError as `flows` does.
 */
export async function frameSizes(capture: Capture, filter: TrafficFilter = {}): Promise<Frame> {
  const scope = await scopeOf(capture, filter);
  return scope.frame({
    source: "frameSizes",
    views: {
      classes: `SELECT unnest([${classes.join(", ")}]) AS from_bytes, unnest([${classes
        .slice(1)
        .map((first) => first - 1)
        .join(", ")}, NULL]) AS to_bytes`,
      sized: `SELECT wire_bytes, list_max(list_filter([${classes.join(", ")}], x -> x <= wire_bytes)) AS from_bytes FROM seen`,
    },
    query: `
      SELECT from_bytes, any_value(to_bytes) AS to_bytes, count(wire_bytes) AS packets,
        100.0 * count(wire_bytes) / nullif(sum(count(wire_bytes)) OVER (), 0) AS packets_percent,
        coalesce(sum(wire_bytes), 0) AS wire_bytes
      FROM classes LEFT JOIN sized USING (from_bytes) GROUP BY from_bytes ORDER BY from_bytes`,
    columns,
  });
}
