import { runningCount } from "../query/index.js";

/** Asking again later than this is another question. */
const againNs = 60_000_000_000;

/**
 * DNS messages put together to transactions, as relation `transactions`: a query of one id in one conversation, its repetitions and its
 * responses. Another name, a query after a response or after a minute begins a new one. mDNS, which has no such pairs, is left out.
 */
export const transactionViews = {
  messages: `
    SELECT *, dns_rcode IS NULL AS query FROM own
    WHERE dns_id IS NOT NULL AND transport IN ('udp', 'tcp') AND regexp_matches(protocols, ':dns(:|$)')`,
  ordered: `
    SELECT *, query AND (
        lag(query) OVER same IS DISTINCT FROM true
        OR lag(dns_name) OVER same IS DISTINCT FROM dns_name OR lag(dns_type) OVER same IS DISTINCT FROM dns_type
        OR time_ns - lag(time_ns) OVER same > ${againNs}) AS begins
    FROM messages WINDOW same AS (PARTITION BY flow_number, dns_id ORDER BY frame)`,
  numbered: `
    SELECT *, ${runningCount("begins")} OVER (PARTITION BY flow_number, dns_id ORDER BY frame) AS number FROM ordered`,
  transactions: `
    SELECT flow_number, dns_id, number, min(frame) AS frame, min(time_ns) AS time_ns, any_value(transport) AS transport,
      coalesce(any_value(dns_name) FILTER (query), any_value(dns_name)) AS name,
      coalesce(any_value(dns_type) FILTER (query), any_value(dns_type)) AS type,
      count(*) FILTER (query) AS queries, count(*) FILTER (NOT query) AS responses,
      arg_min(dns_rcode, frame) FILTER (NOT query) AS rcode,
      min(time_ns) FILTER (query) AS asked_ns, max(time_ns) FILTER (query) AS last_asked_ns,
      min(time_ns) FILTER (NOT query) AS answered_ns
    FROM numbered GROUP BY flow_number, dns_id, number`,
  ending: "SELECT max(time_ns) AS end_ns FROM packets",
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
];

const named = (column: string, names: [number, string][]) =>
  `CASE ${column} ${names.map(([number, name]) => `WHEN ${number} THEN '${name}'`).join(" ")} ELSE CAST(${column} AS VARCHAR) END`;

export const typeName = named("type", types);
export const codeName = named("rcode", codes);
