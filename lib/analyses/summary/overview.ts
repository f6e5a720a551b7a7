import { type Capture, packetColumnsOf, type packets, untimedSql } from "../../captures/index.js";
import { type Column, createFrame, type Frame, type Value } from "../../tables/index.js";

const columns: Column[] = [
  { name: "metric", type: "VARCHAR", meaning: "what was counted or measured" },
  { name: "value", type: "DOUBLE", meaning: "null where the capture can't say" },
  { name: "unit", type: "VARCHAR", meaning: "unit of the value" },
];

/** Times that can't be are no part of the duration. */
const possible = "frame NOT IN (SELECT frame FROM untimed)";

/** Metric, unit, and its SQL over the packet Table. */
const metrics: [string, string, string][] = [
  ["packets", "packets", "count(*)"],
  ["bytes on the wire", "bytes", "coalesce(sum(wire_bytes), 0)"],
  ["duration", "s", `(max(time_ns) FILTER (${possible}) - min(time_ns) FILTER (${possible})) / 1e9`],
  ["IPv4 or IPv6", "packets", "count(src)"],
  ["TCP", "packets", "count(*) FILTER (transport = 'tcp')"],
  ["UDP", "packets", "count(*) FILTER (transport = 'udp')"],
  ["ICMP and ICMPv6", "packets", "count(icmp_type)"],
  ["in tunnels", "packets", "count(tunnel)"],
  ["IP fragments", "packets", "count(*) FILTER (fragment)"],
  ["cut by the snap length", "packets", "count(*) FILTER (captured_bytes < wire_bytes)"],
  ["TCP connections", "connections", "count(DISTINCT tcp_stream)"],
  [
    "TCP connections with their SYN",
    "connections",
    "count(DISTINCT tcp_stream) FILTER (contains(tcp_flags, 'SYN') AND NOT contains(tcp_flags, 'ACK'))",
  ],
  ["TCP connections reset", "connections", "count(DISTINCT tcp_stream) FILTER (contains(tcp_flags, 'RST'))"],
  ["UDP conversations", "conversations", "count(DISTINCT udp_stream)"],
  ["TCP payload", "bytes", "coalesce(sum(tcp_len_bytes), 0)"],
  [
    "TCP zero windows",
    "packets",
    "count(*) FILTER (tcp_window_bytes = 0 AND NOT regexp_matches(tcp_flags, 'SYN|FIN|RST'))",
  ],
  ["ICMP errors about TCP or UDP", "packets", "count(coalesce(quoted_tcp_stream, quoted_udp_stream))"],
  ["DNS answer time, median", "ms", "median(dns_rtt_ns) / 1e6"],
];

/** Columns that the metrics count: each one more costs time. */
const counted = [
  ...[
    "frame",
    "time_ns",
    "wire_bytes",
    "captured_bytes",
    "protocol",
    "src",
    "transport",
    "tunnel",
    "fragment",
    "icmp_type",
  ],
  ...["tcp_stream", "tcp_flags", "tcp_len_bytes", "tcp_window_bytes", "udp_stream"],
  ...["quoted_tcp_stream", "quoted_udp_stream", "dns_rtt_ns"],
];
/** Protocols listed, most packets first. */
const listedProtocols = 15;

/**
 * What is in a capture: one row per metric, then the packets of the most frequent protocols. What was lost and sent again takes a
 * look at whole connections: {@link tcpHealth}, {@link quality}.
 *
 * Columns:
 * - `metric` VARCHAR: what was counted or measured
 * - `value` DOUBLE: null where the capture can't say
 * - `unit` VARCHAR: unit of the value
 *
 * @returns a Frame of `metric`, `value`, `unit`.
 * @throws SkbookError as {@link packets} does.
 */
export async function overview(capture: Capture): Promise<Frame> {
  const table = await packetColumnsOf(capture, counted);
  const select = metrics.map(([, , sql], index) => `${sql} AS m${index}`).join(", ");
  const answer = await table.sql(`WITH untimed AS (${untimedSql("this")}) SELECT ${select} FROM this`);
  const protocols = await table.sql(
    `SELECT protocol, count(*) FROM this GROUP BY protocol ORDER BY count(*) DESC, protocol LIMIT ${listedProtocols}`,
  );
  const [values] = answer.values as Value[][];
  const rows: Value[][] = [
    ...metrics.map(([metric, unit], index) => [metric, values?.[index] ?? null, unit]),
    ...(protocols.values as Value[][]).map(([protocol, count]) => [
      `protocol ${protocol ?? "unknown"}`,
      count ?? null,
      "packets",
    ]),
  ];
  return createFrame(columns, rows, { ...table.provenance, source: "overview" });
}
