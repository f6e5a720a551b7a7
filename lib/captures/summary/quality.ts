import type { Column, Frame, Value } from "../../tables/index.js";
import { createFrame } from "../../tables/index.js";
import type { Capture } from "../capture.js";
import { scopeOf, type TrafficFilter } from "../scope/index.js";

const columns: Column[] = [
  { name: "check", type: "VARCHAR", meaning: "what was looked for" },
  { name: "count", type: "BIGINT", meaning: "how many there are; null where the capture can't say" },
  { name: "of", type: "BIGINT", meaning: "among how many" },
  { name: "percent", type: "DOUBLE", unit: "%", meaning: "count of those" },
  { name: "unit", type: "VARCHAR", meaning: "what is counted" },
  { name: "meaning", type: "VARCHAR", meaning: "what it does to the other analyses" },
];

/** Above this part of bad checksums from one address, its own device fills them in after the capture. */
const offloadedPart = 0.5;
/** No link carries a TCP payload beyond that of a jumbo frame. */
const jumboBytes = 8_960;

interface Check {
  name: string;
  unit: string;
  meaning: string;
  /** SQL of the count and of what it is among. */
  count: string;
  of: string;
}

const tcpPackets = "(SELECT count(*) FROM tcp)";
const tcpFlows = "(SELECT count(*) FROM connections)";

const checks: Check[] = [
  {
    name: "cut by the snap length",
    unit: "packets",
    meaning: "their payload is missing; counts of bytes go by the length on the wire and stay right",
    count: "(SELECT count(*) FROM seen WHERE captured_bytes < wire_bytes)",
    of: "(SELECT count(*) FROM seen)",
  },
  {
    name: "copies",
    unit: "packets",
    meaning:
      "captured at two points or mirrored twice; left out of the analyses of TCP, DNS, ICMP and datagrams",
    count: "(SELECT count(*) FROM seen WHERE copy)",
    of: "(SELECT count(*) FROM seen)",
  },
  {
    name: "earlier than the packet before",
    unit: "packets",
    meaning:
      "several queues or devices were merged: order, and what is told by it (retransmission, out of order), is unsure",
    count:
      "(SELECT count(*) FROM (SELECT time_ns < lag(time_ns) OVER (ORDER BY frame) AS back FROM seen) WHERE back)",
    of: "(SELECT count(*) FROM seen)",
  },
  {
    name: "acks of data that is not there",
    unit: "packets",
    meaning:
      "the receiver got what the capture missed: gaps before them are the capture's loss, not the network's",
    count: "(SELECT count(*) FROM tcp WHERE ack_lost_segment)",
    of: tcpPackets,
  },
  {
    name: "gaps before a packet",
    unit: "packets",
    meaning:
      "lost before the point of capture, out of order, or missed by the capture; tcpGaps() tells which",
    count: "(SELECT count(*) FROM tcp WHERE lost_segment)",
    of: tcpPackets,
  },
  {
    name: "super-frames",
    unit: "packets",
    meaning: "offloading shows several segments as one packet: count by bytes, not by packets",
    count: `(SELECT count(*) FROM tcp JOIN connections USING (flow_number)
      WHERE tcp_len_bytes > coalesce(CASE WHEN from_client THEN server_mss ELSE client_mss END, ${jumboBytes}))`,
    of: "(SELECT count(*) FROM tcp WHERE tcp_len_bytes > 0)",
  },
  {
    name: "TCP seen in one direction only",
    unit: "connections",
    meaning: "acks or data are missing: no round trip time, no verdict on loss",
    count: "(SELECT count(*) FROM connections WHERE one_sided)",
    of: tcpFlows,
  },
  {
    name: "TCP without its SYN",
    unit: "connections",
    meaning: "window scale and options are unknown, and who the client is, is assumed",
    count: "(SELECT count(*) FROM connections WHERE NOT opened)",
    of: tcpFlows,
  },
  {
    name: "IPv4 checksums bad",
    unit: "packets",
    meaning: "damaged, or filled in by the sending device after the capture",
    count: "(SELECT count(*) FROM seen WHERE ip_checksum_status = 'bad')",
    of: "(SELECT count(*) FROM seen WHERE ip_checksum_status IN ('good', 'bad'))",
  },
  {
    name: "checksums bad, of senders whose own device fills them in",
    unit: "packets",
    meaning:
      "harmless: most packets of that address are so, or their IP header is, too: captured before the device completed them",
    count: "(SELECT coalesce(sum(bad), 0) FROM checksums WHERE offloaded)",
    of: "(SELECT coalesce(sum(checked), 0) FROM checksums)",
  },
  {
    name: "checksums bad otherwise",
    unit: "packets",
    meaning: "damaged on the way: the receiver drops them",
    count: "(SELECT coalesce(sum(bad), 0) FROM checksums WHERE NOT offloaded)",
    of: "(SELECT coalesce(sum(checked), 0) FROM checksums)",
  },
  {
    name: "fragments",
    unit: "packets",
    meaning: "only the one that completes a packet has its ports; see fragmentedPackets()",
    count: "(SELECT count(*) FROM seen WHERE fragment)",
    of: "(SELECT count(*) FROM seen)",
  },
];

const views = {
  connections: `
    SELECT flow_number, count(DISTINCT from_client) = 1 AS one_sided, bool_or(syn) AS opened,
      max(tcp_mss_bytes) FILTER (from_client) AS client_mss, max(tcp_mss_bytes) FILTER (NOT from_client) AS server_mss
    FROM tcp GROUP BY flow_number`,
  senders: `
    SELECT src, count(*) FILTER (checksum_status = 'bad') > ${offloadedPart} * count(*) AS offloads
    FROM seen WHERE checksum_status IN ('good', 'bad') GROUP BY src`,
  checksums: `
    SELECT count(*) AS checked, count(*) FILTER (checksum_status = 'bad') AS bad,
      coalesce(offloads OR ip_checksum_status = 'bad', false) AS offloaded
    FROM seen LEFT JOIN senders USING (src) WHERE checksum_status IN ('good', 'bad') GROUP BY ALL`,
};

/**
 * What the capture itself does to a verdict: look here before believing in loss. `malformed()` has what tshark could make no sense of.
 *
 * @param filter which conversations, and when. Default: all.
 * @returns a Frame, one row per check, always all of them. The first is what the capturing program said that it lost; null where
 *   nobody knows.
 * @throws SkbookError as `flows` does.
 */
export async function quality(capture: Capture, filter: TrafficFilter = {}): Promise<Frame> {
  const scope = await scopeOf(capture, filter);
  const each = checks.map(({ count, of }, index) => `${count} AS c${index}, ${of} AS o${index}`);
  const counted = await scope.frame({
    source: "quality",
    views,
    query: `SELECT ${each.join(", ")}`,
    columns: checks.flatMap((_, index) => [
      { name: `c${index}`, type: "BIGINT", meaning: "count" },
      { name: `o${index}`, type: "BIGINT", meaning: "among" },
    ]),
  });
  const [values = []] = counted.values as Value[][];
  const { lost } = scope.provenance;
  const rows: Value[][] = [
    row(
      "lost while capturing",
      lost === "unknown" ? null : lost,
      capture.facts.packets,
      "packets",
      lostMeaning,
    ),
    ...checks.map(({ name, unit, meaning }, index) =>
      row(name, Number(values[2 * index]), Number(values[2 * index + 1]), unit, meaning),
    ),
  ];
  return createFrame(columns, rows, counted.provenance);
}

const lostMeaning =
  "the capturing program could not keep up; null: a file doesn't say, see the acks of data that is not there";

function row(name: string, count: number | null, of: number, unit: string, meaning: string): Value[] {
  return [name, count, of, count === null || of === 0 ? null : (100 * count) / of, unit, meaning];
}
