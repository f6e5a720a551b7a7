import { type Capture, scopeOf, type TrafficFilter } from "../../captures/index.js";
import type { Column, Frame } from "../../tables/index.js";

const columns: Column[] = [
  { name: "layer", type: "VARCHAR", meaning: "link, network, transport or application" },
  { name: "protocol", type: "VARCHAR", meaning: "by tshark's name" },
  { name: "packets", type: "BIGINT", unit: "packets", meaning: "each packet once per layer" },
  { name: "packets_percent", type: "DOUBLE", unit: "%", meaning: "of all packets" },
  { name: "wire_bytes", type: "BIGINT", unit: "bytes", meaning: "as long as they were on the wire" },
  { name: "bytes_percent", type: "DOUBLE", unit: "%", meaning: "of all bytes" },
];

/** What a packet is in each layer. */
const layered = `
  SELECT wire_bytes, unnest([
    {layer: 'link', place: 1, protocol: stack[1]},
    {layer: 'network', place: 2, protocol: CASE
      WHEN contains(src, ':') THEN 'ipv6'
      WHEN src IS NOT NULL THEN 'ip'
      ELSE list_filter(stack[2:], x -> x NOT IN ('ethertype', 'vlan', 'llc', 'mpls'))[1] END},
    {layer: 'transport', place: 3, protocol: CASE WHEN transport IS NULL AND fragment THEN 'fragment' ELSE transport END},
    {layer: 'application', place: 4, protocol: protocol}
  ], recursive := true)
  FROM (SELECT *, string_split(protocols, ':') AS stack FROM seen)`;

/**
 * Packets and bytes of each protocol, by layer. A packet counts once in each layer: tunnelled ones by the innermost network and
 * transport; `fragment` is a fragment without its transport header; `application` is the highest protocol that tshark knows in it.
 *
 * Columns:
 * - `layer` VARCHAR: link, network, transport or application
 * - `protocol` VARCHAR: by tshark's name
 * - `packets` BIGINT, packets: each packet once per layer
 * - `packets_percent` DOUBLE, %: of all packets
 * - `wire_bytes` BIGINT, bytes: as long as they were on the wire
 * - `bytes_percent` DOUBLE, %: of all bytes
 *
 * @param filter which conversations, and when. Default: all.
 * @returns a Frame, one row per layer and protocol, the most packets first. Packets without a layer are in no row of it.
 * @throws SkbookError as `flows` does.
 */
export async function protocolStatistics(capture: Capture, filter: TrafficFilter = {}): Promise<Frame> {
  const scope = await scopeOf(capture, filter);
  return scope.frame({
    source: "protocolStatistics",
    views: { layered, total: "SELECT count(*) AS all_packets, sum(wire_bytes) AS all_bytes FROM seen" },
    query: `
      SELECT layer, protocol, count(*) AS packets, 100.0 * count(*) / any_value(all_packets) AS packets_percent,
        sum(wire_bytes) AS wire_bytes, 100.0 * sum(wire_bytes) / nullif(any_value(all_bytes), 0) AS bytes_percent
      FROM layered, total WHERE protocol IS NOT NULL 
      GROUP BY layer, place, protocol ORDER BY place, packets DESC, protocol`,
    columns,
  });
}
