import { scopeOf } from "../../captures/index.js";
import type { Table } from "../../tables/index.js";
import { word } from "../query/index.js";
import type { Subject } from "../subject/index.js";
import { missedViews } from "../summary/index.js";

/** An answer that would have come this late may just not be in the capture any more. */
const answerTimeoutNs = 1_000_000_000;
/** Fewer packets of a connection out of the order of their times make no rate of loss. */
const disorderPercent = 1;
/** Above this part of one-sided connections, the capture sees one direction of the wire. */
const oneSidedPart = 0.5;

/**
 * What may explain a fault by the capture itself: rows of a flow, or of everything where `flow` is null, and the id of the rule that says
 * so. A connection counts as one-sided when somebody goes on in it whom nobody answers: an unanswered SYN alone is a fault of the
 * network until more of the capture is so.
 */
export async function doubtsOf({ capture, filter }: Subject): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  const lost = scope.provenance.lost !== "unknown" && scope.provenance.lost > 0;
  const everywhere = [
    ...(lost ? ["CAPTURE_LOST_PACKETS"] : []),
    ...(capture.facts.partial ? ["CAPTURE_DAMAGED"] : []),
  ].map((doubt) => `UNION ALL SELECT NULL, '${doubt}'`);
  return scope.table({
    source: "doubts",
    views: {
      ...missedViews,
      connections: `
        SELECT flow_number, bool_and(from_client) OR NOT bool_or(from_client) AS one_way, bool_or(NOT syn AND NOT rst) AS goes_on
        FROM tcp GROUP BY flow_number`,
      ending: "SELECT max(time_ns) AS end_ns FROM packets",
      steps: `
        SELECT flow_number, time_ns < lag(time_ns) OVER (ORDER BY frame) AS back FROM ${capture.facts.inOrder ? "(FROM seen LIMIT 0)" : "seen"}`,
      latest:
        "SELECT flow_number, max(time_ns) AS last_ns FROM seen WHERE flow_number IS NOT NULL GROUP BY flow_number",
    },
    query: `
      SELECT flow, doubt FROM (
        SELECT DISTINCT flow_number, 'CAPTURE_MISSED_PACKETS' AS doubt FROM missed
        UNION ALL SELECT flow_number, 'CAPTURE_ONE_SIDED' FROM connections WHERE one_way AND goes_on
        UNION ALL SELECT flow_number, 'CAPTURE_DISORDER' FROM steps GROUP BY flow_number
          HAVING 100 * count(*) FILTER (back) > ${disorderPercent} * count(*)
        UNION ALL SELECT flow_number, 'CAPTURE_ENDED' FROM latest, ending WHERE end_ns - last_ns < ${answerTimeoutNs}
      ) JOIN conversations USING (flow_number)
      UNION ALL SELECT NULL, 'CAPTURE_ONE_SIDED' FROM connections
        HAVING count(*) FILTER (one_way AND goes_on) > ${oneSidedPart} * count(*) FILTER (goes_on)
      ${everywhere.join(" ")}`,
    columns: [
      word("flow", "about this flow; null: about the whole capture"),
      word("doubt", "id of the finding that explains it"),
    ],
  });
}
