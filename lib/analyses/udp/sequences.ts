import { type Capture, scopeOf, stepNs, type TrafficFilter } from "../../captures/index.js";
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
/**
 * Nothing is overtaken by so many: receivers of ESP and GRE drop what lies behind their window (RFC 4303, 3.4.3). Who begins anew begins with 0
 * or 1.
 */
const farBack = 4096;
const window = 32;
/** And goes on from there: what was overtaken is followed by where the numbers were. */
const goesOn = `coalesce(next_step < -step - ${window}, true)`;
/** More than this far ahead of the two before, and so many times what the stream sends on average meanwhile, nothing is lost: the sender counts on from elsewhere. */
const farAhead = 3000;
const fasterTimes = 1000;
const leaps = `coalesce(least(step, two_steps) > ${farAhead} + ${fasterTimes} * since_ns / mean_ns, false)`;
const anew = `abs(step) > jump OR ${leaps} OR sequence_of <> 'rtp' AND (step < -${farBack} OR step < -${window} AND sequence <= 1) AND ${goesOn}`;
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
    needs: "FROM packets WHERE sequence_of IS NOT NULL",
    views: {
      numbers: `
        SELECT frame, time_ns, flow_number, coalesce(outer_src, src) AS sends, coalesce(outer_dst, dst) AS receives,
          src, dst, sequence_of, sequence_id, sequence, ${modulus} AS modulus, ${jump} AS jump,
          hash(vlan, tunnel, tunnel_id, interface, cooked_interface) AS network
        FROM seen WHERE sequence_of IS NOT NULL`,
      streams: `
        SELECT *, dense_rank() OVER (ORDER BY stream_flow, from_address, to_address, sequence_of, sequence_id) AS stream FROM (
          SELECT *, CASE sequence_of WHEN 'rtp' THEN src ELSE sends END AS from_address,
            CASE sequence_of WHEN 'rtp' THEN dst ELSE receives END AS to_address,
            CASE sequence_of WHEN 'rtp' THEN flow_number END AS stream_flow FROM numbers)`,
      // Two tenants may use the same numbers in two networks, and one stream may take several: what leaves less missing is right.
      ways: `
        SELECT *, 0 AS way FROM streams
        UNION ALL
        SELECT *, network AS way FROM streams
        WHERE stream IN (SELECT stream FROM streams GROUP BY stream HAVING count(DISTINCT network) > 1)`,
      // By time, but for a clock that was set back.
      timed: `
        SELECT *, coalesce(time_ns < lag(time_ns) OVER (PARTITION BY stream, way ORDER BY frame) - ${stepNs}, false) AS set_back FROM ways`,
      ordered: `
        SELECT *, row_number() OVER (PARTITION BY stream, way ORDER BY turn, time_ns, frame) AS spoken_at FROM (
          SELECT *, ${runningCount("set_back")} OVER (PARTITION BY stream, way ORDER BY frame) AS turn FROM timed)`,
      steps: `
        SELECT *, (sequence - lag(sequence) OVER stream + modulus + modulus // 2) % modulus - modulus // 2 AS step,
          (lead(sequence) OVER stream - sequence + modulus + modulus // 2) % modulus - modulus // 2 AS next_step,
          (sequence - lag(sequence, 2) OVER stream + modulus + modulus // 2) % modulus - modulus // 2 AS two_steps,
          time_ns - lag(time_ns) OVER stream AS since_ns,
          (max(time_ns) OVER whole - min(time_ns) OVER whole) / nullif(count(*) OVER whole - 1, 0) AS mean_ns FROM ordered
        WINDOW whole AS (PARTITION BY stream, way), stream AS (PARTITION BY stream, way ORDER BY spoken_at)`,
      parts: `
        SELECT *, ${runningCount(anew)} OVER (PARTITION BY stream, way ORDER BY spoken_at) AS part FROM steps`,
      extended: `
        SELECT *, sum(CASE WHEN ${anew} THEN 0 ELSE coalesce(step, 0) END) OVER (PARTITION BY stream, way, part ORDER BY spoken_at) AS place
        FROM parts`,
      placed: `
        SELECT *, place < max(place) OVER (part ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS late,
          row_number() OVER (PARTITION BY stream, way, part, place ORDER BY spoken_at) AS times
        FROM extended WINDOW part AS (PARTITION BY stream, way, part ORDER BY spoken_at)`,
      spaced: `
        SELECT *, CASE WHEN times = 1 THEN place - lag(place) OVER (PARTITION BY stream, way, part, times = 1 ORDER BY place) - 1 END AS hole
        FROM placed`,
      counted: `
        SELECT stream, way, part, any_value(stream_flow) AS stream_flow, any_value(from_address) AS src, any_value(to_address) AS dst,
          any_value(sequence_of) AS sequence_of, any_value(sequence_id) AS sequence_id, min(frame) AS frame,
          min(time_ns) AS start_ns, max(time_ns) AS end_ns, count(*) AS packets,
          max(place) - min(place) + 1 AS expected, count(*) FILTER (times = 1) AS distinct_packets,
          count(*) FILTER (late AND times = 1) AS reordered, count(*) FILTER (times > 1) AS duplicates,
          coalesce(max(hole), 0) AS longest_loss
        FROM spaced GROUP BY stream, way, part`,
      summed: `
        SELECT stream, way, any_value(stream_flow) AS stream_flow, any_value(src) AS src, any_value(dst) AS dst,
          any_value(sequence_of) AS sequence_of, any_value(sequence_id) AS sequence_id, min(frame) AS frame,
          min(start_ns) AS start_ns, max(end_ns) - min(start_ns) AS duration_ns, sum(packets) AS packets, sum(expected) AS expected,
          sum(expected - distinct_packets) AS lost, sum(reordered) AS reordered, sum(duplicates) AS duplicates,
          max(longest_loss) AS longest_loss, count(*) - 1 AS restarts
        FROM counted GROUP BY stream, way`,
      chosen_way: `
        SELECT stream, coalesce(sum(lost) FILTER (way <> 0) < sum(lost) FILTER (way = 0), false) AS apart FROM summed GROUP BY stream`,
    },
    query: `
      SELECT flow, src, dst, sequence_of, sequence_id, start_ns, duration_ns, packets, expected, lost, 100.0 * lost / expected AS lost_percent,
        reordered, duplicates, longest_loss, restarts
      FROM summed JOIN chosen_way ON chosen_way.stream = summed.stream AND apart = (way <> 0)
        LEFT JOIN conversations ON stream_flow = flow_number ORDER BY frame`,
    columns,
  });
}
