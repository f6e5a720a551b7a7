import { deriveTable, type Table } from "../../../tables/index.js";
import { count } from "../../query/index.js";
import type { Subject } from "../../subject/index.js";
import { tcpHealth } from "../health.js";
import { retransmissions } from "../retransmissions.js";

/** Linux waits for no less (TCP_RTO_MIN, less a tick); what is sent again sooner probes for a lost tail (RFC 8985, 7). */
const timerNs = 190_000_000;

const made = new WeakMap<Subject, Promise<Table>>();

/** The health of connections, and how many retransmissions waited for a timer, and how many were needless. Several rules of one subject share it. */
export function resentHealth(subject: Subject): Promise<Table> {
  const known = made.get(subject) ?? makeResentHealth(subject);
  made.set(subject, known);
  return known;
}

async function makeResentHealth({ capture, filter }: Subject): Promise<Table> {
  const health = await tcpHealth(capture, filter);
  return deriveTable("resentHealth", {
    sources: { health, again: await retransmissions(capture, filter) },
    query: `
      SELECT health.*, coalesce(timeouts, 0) AS timeouts, coalesce(needless, 0) AS needless,
        coalesce(needed_bytes, 0) AS needed_bytes
      FROM health LEFT JOIN (
        SELECT flow, sender, count(*) FILTER (kind = 'rto' AND coalesce(waited_ns >= ${timerNs}, true)) AS timeouts,
          count(*) FILTER (kind = 'spurious' OR needless) AS needless,
          sum(resent_bytes) FILTER (kind <> 'spurious' AND NOT needless) AS needed_bytes
        FROM again GROUP BY flow, sender) USING (flow, sender)`,
    columns: [
      ...health.schema,
      count(
        "timeouts",
        "sent again 190 ms or more after they were sent before, or after a time that isn't known",
      ),
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
    provenance: health.provenance,
  });
}
