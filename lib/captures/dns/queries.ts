import type { Column, Table } from "../../tables/index.js";
import type { Capture } from "../capture.js";
import {
  count,
  duration,
  ends,
  flag,
  flow,
  frame,
  scopeOf,
  type TrafficFilter,
  time,
  word,
} from "../scope/index.js";
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
    "a response came; null where the capture ended within 5 s after the last query, without one",
  ),
  word("rcode", "NOERROR, NXDOMAIN, SERVFAIL, REFUSED, ...; null without a response"),
  count("queries", "queries sent: above 1 it was asked again; 0 where only responses are in the capture"),
  count("responses", "above 1 the server answered again, or there is more than one answer"),
  duration(
    "waited_ns",
    "from the first query to the first response: what the client waited; null without either",
  ),
  duration("rtt_ns", "the same where it was asked once: how long server and path took"),
];

/** A resolver asks again after 5 s by default (resolv.conf(5)). */
const patienceNs = 5_000_000_000;

/**
 * DNS questions, one by one: whether they were answered, how long that took, how often they were asked. Of a TCP segment with
 * several messages the first one counts.
 *
 * @param filter which conversations, and when; `proto: "dns"` is implied. Default: all.
 * @returns a Table, one row per question, in the order of the file.
 * @throws SkbookError as `flows` does.
 */
export async function dnsQueries(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "dnsQueries",
    views: transactionViews,
    query: `
      SELECT frame, time_ns, flow, client, client_port, server, server_port, t.transport, dns_id, name, ${typeName} AS type,
        CASE WHEN responses > 0 THEN true WHEN end_ns - last_asked_ns >= ${patienceNs} THEN false END AS answered,
        CASE WHEN responses > 0 THEN ${codeName} END AS rcode, queries, responses,
        answered_ns - asked_ns AS waited_ns, CASE WHEN queries = 1 THEN answered_ns - asked_ns END AS rtt_ns
      FROM transactions t JOIN conversations USING (flow_number), ending ORDER BY frame`,
    columns,
  });
}
