import { clientPorts, scopeOf, stepNs } from "../../captures/index.js";
import type { Table } from "../../tables/index.js";
import { leastHops, maxHops } from "../icmp/index.js";
import { word } from "../query/index.js";
import type { Subject } from "../subject/index.js";
import { fragmentedPackets, halvesOf, unheardOf } from "../summary/index.js";
import { aheadOf, missedOf, sequencesOf } from "../tcp/index.js";

/** An answer that would have come this late may just not be in the capture any more. */
const answerTimeoutNs = 1_000_000_000;
/** Fewer packets of a connection out of the order of their times make no rate of loss. */
const disorderPercent = 1;
/** A capture that misses more than this of one kind of packets misses the others, too. */
const missedPercent = 1;
/** Above this part of one-sided connections, the capture sees one direction of the wire. */
const oneSidedPart = 0.5;

/**
 * What may explain a fault by the capture itself: rows of a flow, or of everything where `flow` is null, and the id of the rule that says
 * so. A connection counts as one-sided when somebody goes on in it whom nobody answers: an unanswered SYN alone is a fault of the
 * network until more of the capture is so.
 */
export async function doubtsOf({ capture, filter }: Subject): Promise<Table> {
  const scope = await sequencesOf(capture, filter);
  const lost = scope.provenance.lost !== "unknown" && scope.provenance.lost > 0;
  const everywhere = [
    ...(lost ? ["CAPTURE_LOST_PACKETS"] : []),
    ...(capture.facts.partial ? ["CAPTURE_DAMAGED"] : []),
  ].map((doubt) => `UNION ALL SELECT NULL, '${doubt}'`);
  return scope.table({
    source: "doubts",
    sources: {
      fragments: await fragmentedPackets(capture, filter),
      missed: await missedOf(scope),
      ahead: await aheadOf(scope),
      halves: await halvesOf(await scopeOf(capture, filter)),
      unheard: await unheardOf({ capture, filter }),
    },
    views: {
      sighted: "SELECT * FROM halves WHERE goes_on",
      blind: `
        SELECT least(client, server) AS one, greatest(client, server) AS other FROM sighted JOIN conversations USING (flow_number)
        GROUP BY ALL HAVING bool_and(one_way)`,
      // Some of an answer may be there that can't be read without the rest of it.
      unwhole: "SELECT DISTINCT src, dst FROM fragments WHERE complete IS NOT TRUE",
      few: `SELECT flow_number FROM tcp WHERE syn AND NOT ack AND ttl <= ${maxHops}`,
      steps: `
        SELECT frame, flow_number, time_ns < lag(time_ns) OVER (ORDER BY frame) AS back,
          time_ns < lag(time_ns) OVER (ORDER BY frame) - ${stepNs} AS set_back
        FROM ${capture.facts.inOrder ? "(FROM seen LIMIT 0)" : "seen"}`,
      extents:
        "SELECT flow_number, min(frame) AS first_frame, max(frame) AS last_frame FROM steps GROUP BY flow_number",
      latest:
        "SELECT flow_number, max(time_ns) AS last_ns FROM seen WHERE flow_number IS NOT NULL GROUP BY flow_number",
    },
    query: `
      SELECT flow, doubt FROM (
        SELECT DISTINCT flow_number, 'CAPTURE_MISSED_PACKETS' AS doubt FROM missed
        UNION ALL SELECT flow_number, 'CAPTURE_ONE_SIDED' FROM sighted WHERE one_way
        UNION ALL SELECT flow_number, 'CAPTURE_ONE_SIDED' FROM conversations
          JOIN blind ON one = least(client, server) AND other = greatest(client, server)
        UNION ALL SELECT flow_number, 'CAPTURE_NO_ANSWERS' FROM unheard
        UNION ALL SELECT DISTINCT flow_number, 'CAPTURE_POSSIBLE_COPIES' FROM seen WHERE possible_copy
        UNION ALL SELECT DISTINCT flow_number, 'CAPTURE_CLOCK' FROM seen WHERE frame IN (SELECT frame FROM untimed)
        UNION ALL SELECT DISTINCT extents.flow_number, 'CAPTURE_CLOCK' FROM extents
          JOIN (SELECT frame FROM steps WHERE set_back) ON frame > first_frame AND frame <= last_frame
        UNION ALL SELECT flow_number, 'CAPTURE_CLOCK' FROM ahead
        UNION ALL SELECT flow_number, 'CAPTURE_NO_SYN' FROM conversations
          WHERE transport = 'tcp' AND NOT contains(direction_by, 'SYN') AND NOT (server_port < ${clientPorts} AND client_port >= ${clientPorts})
        UNION ALL SELECT flow_number, 'TRACEROUTE_SEEN' FROM conversations WHERE transport = 'tcp' AND flow_number IN (FROM few) AND (client, server) IN (
          SELECT (src, dst) FROM tcp WHERE syn AND NOT ack AND ttl <= ${maxHops} GROUP BY src, dst HAVING count(DISTINCT ttl) >= ${leastHops})
        UNION ALL SELECT flow_number, 'FRAGMENTS_MISSING' FROM conversations
          WHERE transport IN ('udp', 'icmp', 'icmpv6') AND ((client, server) IN (FROM unwhole) OR (server, client) IN (FROM unwhole)
            OR (client_outer, server_outer) IN (FROM unwhole) OR (server_outer, client_outer) IN (FROM unwhole))
        UNION ALL SELECT flow_number, 'CAPTURE_DISORDER' FROM steps GROUP BY flow_number
          HAVING 100 * count(*) FILTER (back) > ${disorderPercent} * count(*)
        UNION ALL SELECT flow_number, 'CAPTURE_ENDED' FROM latest, clock WHERE end_ns - last_ns < ${answerTimeoutNs}
      ) JOIN conversations USING (flow_number)
      UNION ALL SELECT NULL, 'CAPTURE_ONE_SIDED' FROM sighted HAVING count(*) FILTER (one_way) > ${oneSidedPart} * count(*)
      UNION ALL SELECT NULL, 'CAPTURE_MISSED_PACKETS' FROM (SELECT sum(acks) AS acks FROM missed), (SELECT count(*) AS packets FROM tcp)
        WHERE 100 * acks > ${missedPercent} * packets
      UNION ALL SELECT NULL, 'CAPTURE_CLOCK' FROM clock WHERE impossible = packets AND packets > 0
      ${everywhere.join(" ")}`,
    columns: [
      word("flow", "about this flow; null: about the whole capture"),
      word("doubt", "id of the finding that explains it"),
    ],
  });
}
