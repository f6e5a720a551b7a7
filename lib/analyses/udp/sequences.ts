import { type Capture, scopeOf, type TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { count, duration, flow, runningCount, start, word } from "../query/index.js";

const columns: Column[] = [
  flow,
  word("src", "address that sends"),
  word("dst", "address that it sends to"),
  word("sequence_of", "rtp, esp or gre"),
  word("sequence_id", "SSRC, SPI or key"),
  start,
  duration("duration_ns", "from its first packet to its last"),
  count("packets", "in the capture"),
  count("expected", "by their sequence numbers, from the first to the last"),
  count("lost", "expected and not there"),
  { name: "lost_percent", type: "DOUBLE", unit: "%", meaning: "lost of expected" },
  count("reordered", "captured after a later one"),
  count("duplicates", "there a second time, whether from the network or from the capture"),
  count("longest_loss", "most that are missing in a row"),
  count("restarts", "jumps too far for loss: the sender began anew; each part is counted by itself", "jumps"),
];

/** Beyond this a number is a new start (RFC 3550 has 3000 for RTP; 32-bit counters lose more before anyone begins anew). */
const jump = "CASE sequence_of WHEN 'rtp' THEN 3000 ELSE 1000000 END";
const modulus = "CASE sequence_of WHEN 'rtp' THEN 65536 ELSE 4294967296 END";

/**
 * Loss, reordering and duplicates of datagrams whose protocol numbers them: RTP (where tshark recognizes it by the call's set-up), ESP, GRE.
 * Loss lies before the point of capture, or is the capture's own.
 *
 * Columns:
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `src` VARCHAR: address that sends
 * - `dst` VARCHAR: address that it sends to
 * - `sequence_of` VARCHAR: rtp, esp or gre
 * - `sequence_id` VARCHAR: SSRC, SPI or key
 * - `start_ns` BIGINT, ns since 1970: when it began
 * - `duration_ns` BIGINT, ns: from its first packet to its last
 * - `packets` BIGINT, packets: in the capture
 * - `expected` BIGINT, packets: by their sequence numbers, from the first to the last
 * - `lost` BIGINT, packets: expected and not there
 * - `lost_percent` DOUBLE, %: lost of expected
 * - `reordered` BIGINT, packets: captured after a later one
 * - `duplicates` BIGINT, packets: there a second time, whether from the network or from the capture
 * - `longest_loss` BIGINT, packets: most that are missing in a row
 * - `restarts` BIGINT, jumps: jumps too far for loss: the sender began anew; each part is counted by itself
 *
 * @param filter which conversations, and when. Default: all.
 * @returns a Table, one row per numbered stream and direction, in order of first packets.
 * @throws SkbookError as `flows` does.
 */
export async function datagramSequences(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "datagramSequences",
    views: {
      numbers: `
        SELECT frame, time_ns, flow_number, coalesce(outer_src, src) AS sends, coalesce(outer_dst, dst) AS receives,
          src, dst, sequence_of, sequence_id, sequence, ${modulus} AS modulus, ${jump} AS jump
        FROM seen WHERE sequence_of IS NOT NULL`,
      streams: `
        SELECT *, CASE sequence_of WHEN 'rtp' THEN src ELSE sends END AS from_address,
          CASE sequence_of WHEN 'rtp' THEN dst ELSE receives END AS to_address,
          CASE sequence_of WHEN 'rtp' THEN flow_number END AS stream_flow FROM numbers`,
      steps: `
        SELECT *, (sequence - lag(sequence) OVER stream + modulus + modulus // 2) % modulus - modulus // 2 AS step FROM streams
        WINDOW stream AS (PARTITION BY stream_flow, from_address, to_address, sequence_of, sequence_id ORDER BY frame)`,
      parts: `
        SELECT *, ${runningCount("abs(step) > jump")} OVER stream AS part FROM steps
        WINDOW stream AS (PARTITION BY stream_flow, from_address, to_address, sequence_of, sequence_id ORDER BY frame)`,
      extended: `
        SELECT *, sum(CASE WHEN abs(step) > jump THEN 0 ELSE coalesce(step, 0) END) OVER part AS place FROM parts
        WINDOW part AS (PARTITION BY stream_flow, from_address, to_address, sequence_of, sequence_id, part ORDER BY frame)`,
      placed: `
        SELECT *, place < max(place) OVER (part ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS late,
          row_number() OVER (PARTITION BY stream_flow, from_address, to_address, sequence_of, sequence_id, part, place ORDER BY frame) AS times
        FROM extended
        WINDOW part AS (PARTITION BY stream_flow, from_address, to_address, sequence_of, sequence_id, part ORDER BY frame)`,
      spaced: `
        SELECT *, CASE WHEN times = 1 THEN place - lag(place) OVER (
          PARTITION BY stream_flow, from_address, to_address, sequence_of, sequence_id, part, times = 1 ORDER BY place) - 1 END AS hole
        FROM placed`,
      counted: `
        SELECT stream_flow, from_address, to_address, sequence_of, sequence_id, part, min(frame) AS frame,
          min(time_ns) AS start_ns, max(time_ns) AS end_ns, count(*) AS packets,
          max(place) - min(place) + 1 AS expected, count(*) FILTER (times = 1) AS distinct_packets,
          count(*) FILTER (late AND times = 1) AS reordered, count(*) FILTER (times > 1) AS duplicates,
          coalesce(max(hole), 0) AS longest_loss
        FROM spaced GROUP BY ALL`,
    },
    query: `
      SELECT any_value(flow) AS flow, from_address AS src, to_address AS dst, sequence_of, sequence_id,
        min(start_ns) AS start_ns, max(end_ns) - min(start_ns) AS duration_ns, sum(packets) AS packets, sum(expected) AS expected,
        sum(expected - distinct_packets) AS lost, 100.0 * sum(expected - distinct_packets) / sum(expected) AS lost_percent,
        sum(reordered) AS reordered, sum(duplicates) AS duplicates, max(longest_loss) AS longest_loss, count(*) - 1 AS restarts
      FROM counted LEFT JOIN conversations ON stream_flow = flow_number
      GROUP BY stream_flow, from_address, to_address, sequence_of, sequence_id ORDER BY min(frame)`,
    columns,
  });
}
