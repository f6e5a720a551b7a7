import { type Capture, scopeOf, type TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import {
  count,
  disorderNs,
  duration,
  elapsed,
  ends,
  flag,
  flow,
  frame,
  standsForMany,
  time,
  word,
} from "../query/index.js";
import { codeName, transactionViews, typeName } from "./transactions.js";

const columns: Column[] = [
  { ...frame, meaning: "number of its first packet in the file" },
  time,
  flow,
  ...ends,
  word("transport", "udp or tcp"),
  { name: "dns_id", type: "INTEGER", meaning: "transaction id" },
  word("name", "asked for"),
  word("type", "of the record: A, AAAA, PTR, ...; a number where it has no common name"),
  flag(
    "answered",
    "a response came; null without one where the capture ended within 5 s after the last query, the server sent over TCP what isn't read, or many were asked (broadcast, multicast)",
  ),
  word("rcode", "NOERROR, NXDOMAIN, SERVFAIL, REFUSED, ...; null without a response"),
  count("queries", "queries sent: above 1 it was asked again; 0 where only responses are in the capture"),
  count("responses", "above 1 the server answered again, or there is more than one answer"),
  duration(
    "waited_ns",
    "from the first query to the first response: what the client waited; null without either",
  ),
  duration("rtt_ns", "the same where it was asked once: how long server and path took"),
  word(
    "answered_from",
    "another address that answered where the server didn't: no client takes that (RFC 5452, 9.1), unless NAT changes it on its way; null: none",
  ),
];

const waited = elapsed("asked_ns", "answered_ns");

/** A resolver asks again after 5 s by default (resolv.conf(5)). */
const answerTimeoutNs = 5_000_000_000;

/**
 * DNS questions, one by one: whether they were answered, how long that took, how often they were asked. Each message of a TCP segment
 * with several counts.
 *
 * Columns:
 * - `frame` INTEGER: number of its first packet in the file
 * - `time_ns` BIGINT, ns since 1970: when it was captured
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `client` VARCHAR: address of the client
 * - `client_port` INTEGER: its port
 * - `server` VARCHAR: address of the server
 * - `server_port` INTEGER: its port
 * - `transport` VARCHAR: udp or tcp
 * - `dns_id` INTEGER: transaction id
 * - `name` VARCHAR: asked for
 * - `type` VARCHAR: of the record: A, AAAA, PTR, ...; a number where it has no common name
 * - `answered` BOOLEAN: a response came; null without one where the capture ended within 5 s after the last query, the server
 *   sent over TCP what isn't read, or many were asked (broadcast, multicast)
 * - `rcode` VARCHAR: NOERROR, NXDOMAIN, SERVFAIL, REFUSED, ...; null without a response
 * - `queries` BIGINT, packets: queries sent: above 1 it was asked again; 0 where only responses are in the capture
 * - `responses` BIGINT, packets: above 1 the server answered again, or there is more than one answer
 * - `waited_ns` BIGINT, ns: from the first query to the first response: what the client waited; null without either
 * - `rtt_ns` BIGINT, ns: the same where it was asked once: how long server and path took
 * - `answered_from` VARCHAR: another address that answered where the server didn't: no client takes that (RFC 5452, 9.1), unless
 *   NAT changes it on its way; null: none
 *
 * @param filter which conversations, and when; `proto: "dns"` is implied. Default: all.
 * @returns a Table, one row per question, in the order of the file.
 * @throws SkbookError as `flows` does.
 */
export async function dnsQueries(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "dnsQueries",
    needs: "FROM packets WHERE dns_id IS NOT NULL",
    views: {
      ...transactionViews,
      sided: "SELECT * FROM transactions JOIN conversations USING (flow_number)",
      answered_elsewhere: `
        SELECT client, client_port, dns_id, question, min(server) AS answered_from, min(answered_ns) AS answered_elsewhere_ns
        FROM sided WHERE queries = 0 GROUP BY ALL`,
    },
    query: `
      SELECT frame, time_ns, flow, client, client_port, server, server_port, t.transport, dns_id, name, ${typeName} AS type,
        CASE WHEN responses > 0 THEN true WHEN unread_ns >= asked_ns OR ${standsForMany("server")} THEN NULL WHEN end_ns - last_asked_ns >= ${answerTimeoutNs} THEN false END AS answered,
        CASE WHEN responses > 0 THEN ${codeName} END AS rcode, queries, responses,
        ${waited} AS waited_ns, CASE WHEN queries = 1 THEN ${waited} END AS rtt_ns,
        CASE WHEN queries > 0 AND responses = 0 AND answered_elsewhere_ns >= asked_ns - ${disorderNs} THEN answered_from END AS answered_from
      FROM sided t LEFT JOIN answered_elsewhere USING (client, client_port, dns_id, question) LEFT JOIN unread USING (flow_number), clock
      ORDER BY frame, place`,
    columns,
  });
}
