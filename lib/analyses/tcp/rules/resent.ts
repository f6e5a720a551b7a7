import type { Table } from "../../../tables/index.js";
import { among, count, duration } from "../../query/index.js";
import type { Subject } from "../../subject/index.js";
import { tcpHealth } from "../health.js";
import { retransmissions } from "../retransmissions.js";
import { sequencesOf } from "../sequence/index.js";

/** By default Linux waits for no less (TCP_RTO_MIN, less a tick). */
const timerNs = 190_000_000;
/**
 * What probes for a lost tail (RFC 8985, 7) comes sooner: the end of what was sent, again for the first time. So does what a reordering window held
 * back (6.2), a round trip at most. Anything else was sent again by a timer even so: `rto_min` of a route or socket makes it short.
 */
const timeout = `kind = 'rto' AND NOT coalesce(waited_ns < ${timerNs} AND (tail OR waited_ns <= 2 * trip_ns), false)`;

const made = new WeakMap<Subject, Promise<Table>>();

/** The health of connections, and how many retransmissions waited for a timer, and how many were needless. Several rules of one subject share it. */
export function resentHealth(subject: Subject): Promise<Table> {
  const known = made.get(subject) ?? makeResentHealth(subject);
  made.set(subject, known);
  return known;
}

async function makeResentHealth({ capture, filter }: Subject): Promise<Table> {
  const health = await tcpHealth(capture, filter);
  const scope = await sequencesOf(capture, filter);
  return scope.table({
    source: "resentHealth",
    sources: { health, again: await retransmissions(capture, filter) },
    views: {
      soon: `SELECT DISTINCT flow_number FROM again JOIN conversations USING (flow) WHERE kind = 'rto' AND waited_ns < ${timerNs}`,
      tails: `
        SELECT frame, resent IS NOT NULL AND reach >= highest AND nth = 1 AS tail FROM (
          SELECT frame, resent, number + tcp_len_bytes AS reach,
            max(reach) OVER (PARTITION BY flow_number, sender ORDER BY place ROWS UNBOUNDED PRECEDING) AS highest,
            count(resent) OVER (PARTITION BY flow_number, sender, reach ORDER BY place ROWS UNBOUNDED PRECEDING) AS nth
          FROM tcp WHERE tcp_len_bytes > 0 AND number IS NOT NULL AND ${among("flow_number", "soon")})`,
      // Of the whole path: the point of capture to one end and to the other.
      trips: "SELECT flow, sum(rtt_min_ns) AS trip_ns FROM health GROUP BY flow",
      counts: `
        SELECT flow, sender, count(*) FILTER (${timeout}) AS timeouts, sum(waited_ns) FILTER (${timeout}) AS timeouts_ns,
          count(*) FILTER (kind = 'spurious' OR needless) AS needless,
          sum(resent_bytes) FILTER (kind <> 'spurious' AND NOT needless) AS needed_bytes
        FROM again LEFT JOIN tails USING (frame) LEFT JOIN trips USING (flow) GROUP BY flow, sender`,
    },
    query: `
      SELECT health.*, coalesce(timeouts, 0) AS timeouts, timeouts_ns, coalesce(needless, 0) AS needless,
        coalesce(needed_bytes, 0) AS needed_bytes
      FROM health JOIN conversations USING (flow) LEFT JOIN counts USING (flow, sender) ORDER BY flow_number, sender`,
    columns: [
      ...health.schema,
      count(
        "timeouts",
        "sent again after a timer, without what may have probed for a lost tail: sooner than 190 ms, at the end of what was sent, for the first time, or within two round trips",
      ),
      duration("timeouts_ns", "that those waited together, as far as it is known"),
      count(
        "needless",
        "sent again though the receiver had them: acknowledged before, or so it says (D-SACK)",
      ),
      {
        name: "needed_bytes",
        type: "BIGINT",
        unit: "bytes",
        meaning: "of resent_bytes, those of the others",
      },
    ],
  });
}
