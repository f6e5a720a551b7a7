import { type Capture, scopeOf, type TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { count, disorderNs, duration, elapsed, start, word } from "../query/index.js";
import { maxHops } from "./hops.js";

const columns: Column[] = [
  word("source", "who traces"),
  word("target", "the address that the path leads to"),
  word("transport", "of the probes: udp, icmp, icmpv6, tcp"),
  start,
  {
    name: "hop",
    type: "INTEGER",
    meaning: "time to live of the probes where they were captured: the hop, counted from there",
  },
  count("probes", "sent with it"),
  count("replies", "ICMP errors and echo replies to those"),
  word("router", "address that replied; several are joined by commas; null where none did"),
  { name: "reached", type: "BOOLEAN", meaning: "the target itself replied" },
  duration("rtt_min_ns", "shortest time from a probe to its reply"),
  duration("rtt_median_ns", "median of those"),
];

/**
 * Traceroutes that the capture saw: probes with rising time to live, and who said that it ran out. A pair of addresses counts as traced
 * when such errors came for at least two different times to live.
 *
 * Columns:
 * - `source` VARCHAR: who traces
 * - `target` VARCHAR: the address that the path leads to
 * - `transport` VARCHAR: of the probes: udp, icmp, icmpv6, tcp
 * - `start_ns` BIGINT, ns since 1970: when it began
 * - `hop` INTEGER: time to live of the probes where they were captured: the hop, counted from there
 * - `probes` BIGINT, packets: sent with it
 * - `replies` BIGINT, packets: ICMP errors and echo replies to those
 * - `router` VARCHAR: address that replied; several are joined by commas; null where none did
 * - `reached` BOOLEAN: the target itself replied
 * - `rtt_min_ns` BIGINT, ns: shortest time from a probe to its reply
 * - `rtt_median_ns` BIGINT, ns: median of those
 *
 * @param filter which conversations, and when. Default: all.
 * @returns a Table, one row per source, target, transport and hop; hops that stayed silent too.
 * @throws SkbookError as `flows` does.
 */
export async function traceroutes(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "traceroutes",
    needs: "FROM packets WHERE quoted_src IS NOT NULL",
    views: {
      errors: `
        SELECT frame, time_ns, src, about_number, quoted_icmp_seq, quoted_src, quoted_dst,
          icmp_type = CASE transport WHEN 'icmp' THEN 11 ELSE 3 END AS expired
        FROM picked WHERE quoted_src IS NOT NULL AND about_number IS NOT NULL`,
      // Where nothing says that a hop count ran out, nobody sees a path.
      probes: `
        SELECT frame, time_ns, flow_number, src, dst, transport, ttl, icmp_seq FROM picked
        WHERE ttl <= ${maxHops} AND flow_number IS NOT NULL AND quoted_src IS NULL AND coalesce(icmp_type, 8) IN (8, 128)
          AND (src, dst) IN (SELECT (quoted_src, quoted_dst) FROM errors WHERE expired)`,
      reports: `
        SELECT probes.frame AS probe_frame, errors.src AS router, expired, ${elapsed("probes.time_ns", "errors.time_ns")} AS rtt_ns
        FROM errors ASOF JOIN probes ON about_number = flow_number AND quoted_src = probes.src AND quoted_dst = probes.dst
          AND coalesce(quoted_icmp_seq, -1) = coalesce(icmp_seq, -1) AND errors.time_ns + ${disorderNs} >= probes.time_ns`,
      replies: `
        SELECT probes.frame AS probe_frame, answers.src AS router, false AS expired, ${elapsed("probes.time_ns", "answers.time_ns")} AS rtt_ns
        FROM (
          SELECT frame, time_ns, flow_number, src, icmp_seq FROM picked
          WHERE quoted_src IS NULL AND flow_number IN (SELECT flow_number FROM probes)) answers
        ASOF JOIN probes ON answers.flow_number = probes.flow_number AND answers.src = probes.dst
          AND coalesce(answers.icmp_seq, -1) = coalesce(probes.icmp_seq, -1) AND answers.time_ns + ${disorderNs} >= probes.time_ns`,
      heard: "SELECT * FROM reports UNION ALL SELECT * FROM replies",
      traced: `
        SELECT src, dst, transport FROM probes JOIN reports ON probe_frame = frame WHERE expired
        GROUP BY ALL HAVING count(DISTINCT ttl) >= 2`,
    },
    query: `
      SELECT src AS source, dst AS target, transport, min(time_ns) AS start_ns, ttl AS hop, count(DISTINCT frame) AS probes,
        count(router) AS replies, string_agg(DISTINCT router, ',' ORDER BY router) AS router,
        coalesce(bool_or(router = dst), false) AS reached,
        min(rtt_ns) AS rtt_min_ns, quantile_disc(rtt_ns, 0.5) AS rtt_median_ns
      FROM probes SEMI JOIN traced USING (src, dst, transport) LEFT JOIN heard ON probe_frame = frame
      GROUP BY src, dst, transport, ttl ORDER BY min(min(frame)) OVER (PARTITION BY src, dst, transport), ttl`,
    columns,
  });
}
