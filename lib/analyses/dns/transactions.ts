import { behindNs, disorderNs, dnsMessages, runningCount } from "../query/index.js";

/** Asking again later than this is another question. */
const againNs = 60_000_000_000;

/** By time, and a query before an answer that a point of capture put before it. */
const inOrder = `CASE WHEN query THEN time_ns - ${disorderNs} ELSE time_ns END, frame, place`;

/**
 * DNS messages put together to transactions, as relation `transactions`: a query of one id and name in one conversation, its repetitions and
 * its responses. A query after a response or after a minute begins a new one. A response whose question was never asked, or isn't there, belongs
 * to the query before it. See {@link dnsMessages} for what counts as DNS.
 */
export const transactionViews = {
  ...dnsMessages,
  // Of several messages in a segment each has one question: where the numbers differ, only the first is known.
  messages: `
    SELECT frame, 1 AS place, time_ns, flow_number, transport, dns_id, dns_name, dns_type, dns_rcode, dns_rcode IS NULL AS query
    FROM dns_packets WHERE dns_ids IS NULL
    UNION ALL
    SELECT frame, place, time_ns, flow_number, transport, CAST(ids[place] AS INTEGER),
      CASE WHEN len(names) = len(ids) THEN names[place] ELSE dns_name END,
      CASE WHEN len(types) = len(ids) THEN CAST(types[place] AS INTEGER) ELSE dns_type END,
      CASE WHEN dns_rcode IS NULL OR len(codes) = len(ids) THEN CAST(codes[place] AS INTEGER) ELSE dns_rcode END, dns_rcode IS NULL
    FROM (
      SELECT *, string_split(dns_ids, ',') AS ids, string_split(dns_name, ',') AS names, string_split(dns_types, ',') AS types,
        string_split(dns_rcodes, ',') AS codes, unnest(range(1, len(ids) + 1)) AS place
      FROM dns_packets WHERE dns_ids IS NOT NULL)`,
  // Resolvers may use one id for several names at once, and servers write names in another case.
  named: "SELECT *, hash(lower(dns_name), dns_type) AS own_question FROM messages",
  asked: `
    SELECT *, CASE WHEN query OR bool_or(query) OVER (PARTITION BY flow_number, dns_id, own_question ORDER BY ${inOrder}) THEN own_question
        ELSE coalesce(last_value(CASE WHEN query THEN own_question END IGNORE NULLS) OVER (
          PARTITION BY flow_number, dns_id ORDER BY ${inOrder} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW), own_question) END AS question
    FROM named`,
  ordered: `
    SELECT *, query AND (lag(query) OVER same IS DISTINCT FROM true OR time_ns - lag(time_ns) OVER same > ${againNs}) AS begins
    FROM asked WINDOW same AS (PARTITION BY flow_number, dns_id, question ORDER BY ${inOrder})`,
  numbered: `
    SELECT *, ${runningCount("begins")} OVER (PARTITION BY flow_number, dns_id, question ORDER BY ${inOrder}) AS number FROM ordered`,
  // A response that lies before the first query, which has none, is its own: the clock of one direction is behind.
  placed: `
    SELECT * REPLACE (
        CASE WHEN number = 0 AND NOT coalesce(bool_or(NOT query AND number = 1) OVER same, false)
          AND min(CASE WHEN number = 1 THEN time_ns END) OVER same - time_ns <= ${behindNs} THEN 1 ELSE number END AS number)
    FROM numbered WINDOW same AS (PARTITION BY flow_number, dns_id, question)`,
  transactions: `
    SELECT flow_number, dns_id, question, number, min(frame) AS frame, arg_min(place, frame) AS place, min(time_ns) AS time_ns, any_value(transport) AS transport,
      coalesce(any_value(dns_name) FILTER (query), any_value(dns_name)) AS name,
      coalesce(any_value(dns_type) FILTER (query), any_value(dns_type)) AS type,
      count(*) FILTER (query) AS queries, count(*) FILTER (NOT query) AS responses,
      arg_min(dns_rcode, (time_ns, frame)) FILTER (NOT query) AS rcode,
      min(time_ns) FILTER (query) AS asked_ns, max(time_ns) FILTER (query) AS last_asked_ns,
      min(time_ns) FILTER (NOT query) AS answered_ns
    FROM placed GROUP BY flow_number, dns_id, question, number`,
  // A message that several TCP segments share isn't read: it may have been the answer.
  unread: `
    SELECT flow_number, max(time_ns) AS unread_ns FROM own
    WHERE transport = 'tcp' AND tcp_len_bytes > 0 AND dns_id IS NULL AND NOT from_client
      AND flow_number IN (SELECT flow_number FROM dns_packets WHERE transport = 'tcp') GROUP BY flow_number`,
};

/** Record types and response codes by name (IANA: Domain Name System Parameters). */
const types: [number, string][] = [
  [1, "A"],
  [2, "NS"],
  [5, "CNAME"],
  [6, "SOA"],
  [12, "PTR"],
  [15, "MX"],
  [16, "TXT"],
  [28, "AAAA"],
  [33, "SRV"],
  [43, "DS"],
  [48, "DNSKEY"],
  [64, "SVCB"],
  [65, "HTTPS"],
  [255, "ANY"],
];
const codes: [number, string][] = [
  [0, "NOERROR"],
  [1, "FORMERR"],
  [2, "SERVFAIL"],
  [3, "NXDOMAIN"],
  [4, "NOTIMP"],
  [5, "REFUSED"],
  [6, "YXDOMAIN"],
  [7, "YXRRSET"],
  [8, "NXRRSET"],
  [9, "NOTAUTH"],
  [10, "NOTZONE"],
  [16, "BADVERS"],
  [17, "BADKEY"],
  [18, "BADTIME"],
  [19, "BADMODE"],
  [20, "BADNAME"],
  [21, "BADALG"],
  [22, "BADTRUNC"],
  [23, "BADCOOKIE"],
];

const named = (column: string, names: [number, string][]) =>
  `CASE ${column} ${names.map(([number, name]) => `WHEN ${number} THEN '${name}'`).join(" ")} ELSE CAST(${column} AS VARCHAR) END`;

export const typeName = named("type", types);
export const codeName = named("rcode", codes);
