import { type Capture, stepNs, type TrafficFilter } from "../../captures/index.js";
import type { Column, Frame, Table } from "../../tables/index.js";
import { aheadOf, missedOf, sequencesOf } from "../tcp/index.js";
import { oneWay } from "./artefacts.js";
import { checksumViews } from "./checksums.js";

const columns: Column[] = [
  { name: "check", type: "VARCHAR", meaning: "what was looked for" },
  { name: "count", type: "BIGINT", meaning: "how many there are; null where the capture can't say" },
  { name: "of", type: "BIGINT", meaning: "among how many" },
  { name: "percent", type: "DOUBLE", unit: "%", meaning: "count of those" },
  { name: "unit", type: "VARCHAR", meaning: "what is counted" },
  { name: "meaning", type: "VARCHAR", meaning: "what it does to the other analyses" },
];

/** No link carries a TCP payload beyond that of a jumbo frame. */
const jumboBytes = 8_960;

interface Check {
  name: string;
  unit: string;
  meaning: string;
  /** The relation that is looked through: each one once for all its checks. */
  over: "seen" | "missed" | "ahead" | "data" | "connections" | "checksums" | "order" | "clock";
  /** In SQL: what is counted, and what it is among. */
  count: string;
  of: string;
}

const checks: Check[] = [
  {
    name: "cut by the snap length",
    unit: "packets",
    meaning: "their payload is missing; counts of bytes go by the length on the wire and stay right",
    over: "seen",
    count: "count(*) FILTER (captured_bytes < wire_bytes)",
    of: "count(*)",
  },
  {
    name: "copies",
    unit: "packets",
    meaning:
      "captured at two points or mirrored twice; left out of the analyses of TCP, DNS, ICMP and datagrams",
    over: "seen",
    count: "count(*) FILTER (copy)",
    of: "count(*)",
  },
  {
    name: "possible copies",
    unit: "packets",
    meaning:
      "the same content again within 100 ms, and nothing proves that it is the same packet: identifications that never change, no times, no checksum; they are counted in every analysis",
    over: "seen",
    count: "count(*) FILTER (possible_copy)",
    of: "count(*)",
  },
  {
    name: "earlier than the packet before",
    unit: "packets",
    meaning:
      "several queues or devices were merged: order, and what is told by it (retransmission, out of order), is unsure",
    over: "order",
    count: "count(*) FILTER (back)",
    of: "count(*)",
  },
  {
    name: "earlier by more than a second",
    unit: "packets",
    meaning: "the clock was set back, or files were put together: durations across it are unknown",
    over: "order",
    count: "count(*) FILTER (set_back)",
    of: "count(*)",
  },
  {
    name: "with a time that can't be",
    unit: "packets",
    meaning: "more than a day away from the packets around them, or the file has no times: they are unknown",
    over: "clock",
    count: "any_value(impossible)",
    of: "any_value(packets)",
  },
  {
    name: "TCP acknowledged before it was sent",
    unit: "connections",
    meaning:
      "by more than 1 ms: the clock of one direction is behind, as in files of two hosts that were put together; durations are unknown",
    over: "ahead",
    count: "count(*)",
    of: "(SELECT count(*) FROM connections)",
  },
  {
    name: "acks of data that is not there",
    unit: "packets",
    meaning:
      "the receiver got what the capture missed: gaps before them are the capture's loss, not the network's",
    over: "missed",
    count: "coalesce(sum(acks), 0)",
    of: "(SELECT coalesce(sum(packets), 0) FROM connections)",
  },
  {
    name: "gaps before a packet",
    unit: "packets",
    meaning:
      "lost before the point of capture, out of order, or missed by the capture; tcpGaps() tells which",
    over: "connections",
    count: "coalesce(sum(gaps), 0)",
    of: "coalesce(sum(packets), 0)",
  },
  {
    name: "super-frames",
    unit: "packets",
    meaning: "offloading shows several segments as one packet: count by bytes, not by packets",
    over: "data",
    count: "count(*) FILTER (super_frame)",
    of: "count(*)",
  },
  {
    name: "TCP seen in one direction only",
    unit: "connections",
    meaning: "acks or data are missing: no round trip time, no verdict on loss",
    over: "connections",
    count: "count(*) FILTER (one_sided)",
    of: "count(*)",
  },
  {
    name: "TCP without its SYN",
    unit: "connections",
    meaning: "window scale and options are unknown, and who the client is, is assumed",
    over: "connections",
    count: "count(*) FILTER (NOT opened)",
    of: "count(*)",
  },
  {
    name: "IPv4 checksums bad",
    unit: "packets",
    meaning: "damaged, or filled in by the sending device after the capture",
    over: "seen",
    count: "count(*) FILTER (ip_checksum_status = 'bad')",
    of: "count(*) FILTER (ip_checksum_status IN ('good', 'bad'))",
  },
  {
    name: "checksums bad, of senders whose own device fills them in",
    unit: "packets",
    meaning:
      "harmless: only the pseudo-header is summed up, most packets of that sender are so, or they were received all the same",
    over: "checksums",
    count: "coalesce(sum(harmless), 0)",
    of: "coalesce(sum(checked), 0)",
  },
  {
    name: "checksums bad otherwise",
    unit: "packets",
    meaning: "damaged on the way: the receiver drops them",
    over: "checksums",
    count: "coalesce(sum(bad - harmless), 0)",
    of: "coalesce(sum(checked), 0)",
  },
  {
    name: "fragments",
    unit: "packets",
    meaning: "only the one that completes a packet has its ports; see fragmentedPackets()",
    over: "seen",
    count: "count(*) FILTER (fragment)",
    of: "count(*)",
  },
];

const views = {
  order: `
    SELECT later.time_ns < packets.time_ns AS back, later.time_ns < packets.time_ns - ${stepNs} AS set_back
    FROM (SELECT frame, time_ns FROM seen) later LEFT JOIN packets ON packets.frame = later.frame - 1`,
  connections: `
    SELECT ${oneWay} AS one_sided, bool_or(syn) AS opened, count(*) AS packets, count(hole_bytes) AS gaps
    FROM tcp GROUP BY flow_number`,
  offers: `
    SELECT flow_number, NOT from_client AS from_client, max(tcp_mss_bytes) AS allowed_bytes
    FROM tcp WHERE tcp_mss_bytes IS NOT NULL GROUP BY ALL`,
  data: `
    SELECT tcp_len_bytes > coalesce(allowed_bytes, ${jumboBytes}) AS super_frame
    FROM tcp LEFT JOIN offers USING (flow_number, from_client) WHERE tcp_len_bytes > 0`,
};

/**
 * What the capture itself does to a verdict: look here before believing in loss. `malformed()` has what tshark could make no sense of.
 *
 * Columns:
 * - `check` VARCHAR: what was looked for
 * - `count` BIGINT: how many there are; null where the capture can't say
 * - `of` BIGINT: among how many
 * - `percent` DOUBLE, %: count of those
 * - `unit` VARCHAR: what is counted
 * - `meaning` VARCHAR: what it does to the other analyses
 *
 * @param filter which conversations, and when. Default: all.
 * @returns a Frame, one row per check, always all of them. The first is what the capturing program said that it lost; null where
 *   nobody knows.
 * @throws SkbookError as `flows` does.
 */
export async function quality(capture: Capture, filter: TrafficFilter = {}): Promise<Frame> {
  return (await qualityChecks(capture, filter)).toFrame();
}

/** The same as a Table. */
export async function qualityChecks(capture: Capture, filter: TrafficFilter): Promise<Table> {
  const scope = await sequencesOf(capture, filter);
  const { lost } = scope.provenance;
  // The file's own facts say whether looking for packets out of order is worth it.
  const needed = checks.map((check): Check => {
    return check.over === "order" && capture.facts.inOrder ? { ...check, over: "seen", count: "0" } : check;
  });
  const relations = [...new Set(needed.map(({ over }) => over))].map((over) => {
    const counts = needed.flatMap((check, index) =>
      check.over === over ? [`${check.count} AS c${index}, ${check.of} AS o${index}`] : [],
    );
    return `(SELECT ${counts.join(", ")} FROM "${over}")`;
  });
  const rows = [
    row(
      "lost while capturing",
      lost === "unknown" ? "NULL" : String(lost),
      String(capture.facts.packets),
      "packets",
      lostMeaning,
    ),
    ...checks.map(({ name, unit, meaning }, index) => row(name, `c${index}`, `o${index}`, unit, meaning)),
  ];
  return scope.table({
    source: "quality",
    sources: { missed: await missedOf(scope), ahead: await aheadOf(scope) },
    views: {
      ...views,
      ...checksumViews(capture.facts.linkType, capture.facts.interfaces ?? []),
    },
    query: `
      WITH counted AS MATERIALIZED (SELECT * FROM ${relations.join(", ")}),
      rows AS (SELECT unnest([${rows.join(", ")}], recursive := true) FROM counted)
      SELECT *, 100.0 * "count" / nullif("of", 0) AS percent FROM rows`,
    columns,
  });
}

const lostMeaning =
  "the capturing program could not keep up; null: a file doesn't say, see the acks of data that is not there";

function row(name: string, count: string, of: string, unit: string, meaning: string): string {
  const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
  return `{"check": ${text(name)}, "count": CAST(${count} AS BIGINT), "of": CAST(${of} AS BIGINT), "unit": ${text(unit)}, "meaning": ${text(meaning)}}`;
}
