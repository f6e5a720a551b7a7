import { scopeOf } from "../../captures/index.js";
import type { Table } from "../../tables/index.js";
import { flag } from "../query/index.js";
import type { Subject } from "../subject/index.js";
import { loopViews } from "../summary/index.js";
import { errorColumns, errorSelect } from "./errors.js";
import { traceroutes } from "./traceroutes.js";

/** A packet whose TTL ran out was sent within the span of this length before, or the same one; the lowest TTL of its conversation there counts. */
const lifeNs = 10_000_000_000;

/**
 * ICMP errors that say that a packet's time to live ran out, with the TTL that the packet had when it was captured on its way there
 * (`sent_ttl`): a small one was meant to run out. What goes in a circle at the point of capture counts with the TTL of its first pass.
 */
export async function expiredPackets({ capture, filter }: Subject): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "expiredPackets",
    needs: "FROM packets WHERE quoted_src IS NOT NULL",
    sources: { traced: await traceroutes(capture, filter) },
    views: {
      ...loopViews,
      expired: `
        SELECT * FROM picked WHERE quoted_src IS NOT NULL AND icmp_code = 0 AND icmp_type = CASE transport WHEN 'icmp' THEN 11 ELSE 3 END`,
      sightings: `
        SELECT time_ns, flow_number, src, dst, src_port, dst_port, icmp_seq, ttl FROM picked
        WHERE quoted_src IS NULL AND (src, dst) IN (SELECT (quoted_src, quoted_dst) FROM expired)
          AND frame NOT IN (SELECT again.frame FROM again SEMI JOIN circling USING (same))
        UNION ALL SELECT time_ns, flow_number, src, dst, NULL, NULL, NULL, first_ttl FROM circling`,
      sent: `
        SELECT flow_number, src, dst, src_port, dst_port, icmp_seq, coalesce(time_ns // ${lifeNs}, -1) AS span, min(ttl) AS ttl
        FROM sightings GROUP BY ALL`,
      // Of a quote too short to be dissected the conversation isn't known, but its addresses and ports.
      told: `
        SELECT expired.frame, min(sent.ttl) AS sent_ttl
        FROM expired JOIN sent ON quoted_src = sent.src AND quoted_dst = sent.dst
          AND coalesce(about_number = sent.flow_number,
            quoted_src_port IS NOT DISTINCT FROM sent.src_port AND quoted_dst_port IS NOT DISTINCT FROM sent.dst_port)
          AND coalesce(quoted_icmp_seq, -1) = coalesce(sent.icmp_seq, quoted_icmp_seq, -1)
          AND (span = -1 OR span BETWEEN expired.time_ns // ${lifeNs} - 1 AND expired.time_ns // ${lifeNs})
        GROUP BY expired.frame`,
    },
    query: `
      SELECT ${errorSelect("expired")}, sent_ttl,
        about_number IS NOT NULL AND about_number IN (SELECT flow_number FROM circling) AS circling,
        (quoted_src, quoted_dst) IN (SELECT (source, target) FROM traced) AS traced
      FROM expired LEFT JOIN told USING (frame) LEFT JOIN conversations ON conversations.flow_number = about_number ORDER BY frame`,
    columns: [
      ...errorColumns,
      {
        name: "sent_ttl",
        type: "INTEGER",
        unit: "hops",
        meaning:
          "lowest TTL of such packets when captured, in the same 10 s of the capture's time and the 10 s before; null: none was",
      },
      flag("circling", "packets of that flow go in a circle at the point of capture"),
      flag("traced", "somebody traced the path between its addresses"),
    ],
  });
}
