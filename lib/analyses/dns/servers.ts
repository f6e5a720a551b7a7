import { type Capture, scopeOf, type TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { count, duration, elapsed, word } from "../query/index.js";
import { transactionViews } from "./transactions.js";

const columns: Column[] = [
  word("server", "address that is asked"),
  { name: "server_port", type: "INTEGER", meaning: "its port" },
  count("clients", "addresses that ask it", "addresses"),
  count("questions", "asked, repetitions not counted", "questions"),
  count("answered", "of those, with a response", "questions"),
  count("unanswered", "of those, without one; the last may still be open", "questions"),
  count("repeated_queries", "queries that ask again"),
  count("noerror", "answered well", "questions"),
  count("nxdomain", "the name doesn't exist", "questions"),
  count("servfail", "the server failed", "questions"),
  count("refused", "the server refused", "questions"),
  count("other_rcode", "any other response code", "questions"),
  duration("rtt_min_ns", "shortest time to the response, of questions that were asked once"),
  duration("rtt_median_ns", "median of those"),
  duration("rtt_p95_ns", "95th percentile of those"),
  duration("rtt_max_ns", "longest of those"),
];

/**
 * DNS servers: how much they are asked, how they answer, and how fast.
 *
 * Columns:
 * - `server` VARCHAR: address that is asked
 * - `server_port` INTEGER: its port
 * - `clients` BIGINT, addresses: addresses that ask it
 * - `questions` BIGINT, questions: asked, repetitions not counted
 * - `answered` BIGINT, questions: of those, with a response
 * - `unanswered` BIGINT, questions: of those, without one; the last may still be open
 * - `repeated_queries` BIGINT, packets: queries that ask again
 * - `noerror` BIGINT, questions: answered well
 * - `nxdomain` BIGINT, questions: the name doesn't exist
 * - `servfail` BIGINT, questions: the server failed
 * - `refused` BIGINT, questions: the server refused
 * - `other_rcode` BIGINT, questions: any other response code
 * - `rtt_min_ns` BIGINT, ns: shortest time to the response, of questions that were asked once
 * - `rtt_median_ns` BIGINT, ns: median of those
 * - `rtt_p95_ns` BIGINT, ns: 95th percentile of those
 * - `rtt_max_ns` BIGINT, ns: longest of those
 *
 * @param filter which conversations, and when. Default: all.
 * @returns a Table, one row per server, the most questions first.
 * @throws SkbookError as `flows` does.
 */
export async function dnsServers(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "dnsServers",
    views: {
      ...transactionViews,
      timed: `
        SELECT *, CASE WHEN queries = 1 THEN ${elapsed("asked_ns", "answered_ns")} END AS rtt_ns
        FROM transactions JOIN conversations USING (flow_number) WHERE queries > 0`,
    },
    query: `
      SELECT server, server_port, count(DISTINCT client) AS clients, count(*) AS questions,
        count(*) FILTER (responses > 0) AS answered, count(*) FILTER (responses = 0) AS unanswered,
        sum(queries - 1) AS repeated_queries,
        count(*) FILTER (rcode = 0) AS noerror, count(*) FILTER (rcode = 3) AS nxdomain, count(*) FILTER (rcode = 2) AS servfail,
        count(*) FILTER (rcode = 5) AS refused, count(*) FILTER (rcode NOT IN (0, 2, 3, 5)) AS other_rcode,
        min(rtt_ns) AS rtt_min_ns, quantile_disc(rtt_ns, 0.5) AS rtt_median_ns,
        quantile_disc(rtt_ns, 0.95) AS rtt_p95_ns, max(rtt_ns) AS rtt_max_ns
      FROM timed GROUP BY server, server_port ORDER BY questions DESC, server, server_port`,
    columns,
  });
}
