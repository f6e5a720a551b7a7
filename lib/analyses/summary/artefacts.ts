import { scopeOf } from "../../captures/index.js";
import type { Table } from "../../tables/index.js";
import { count, ends, flag, flow, sender, word } from "../query/index.js";
import type { Subject } from "../subject/index.js";
import { missedOf, sequencesOf } from "../tcp/index.js";

/** Whether the whole file could be read, as one row. */
export async function damage({ capture, filter }: Subject): Promise<Table> {
  const { name, facts } = capture;
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "damage",
    query: `SELECT '${name.replaceAll("'", "''")}' AS file, ${facts.packets} AS packets, ${facts.partial} AS partial`,
    columns: [
      word("file", "its name"),
      count("packets", "that could be read"),
      flag("partial", "it is damaged, or ends in the middle of a packet"),
    ],
  });
}

/** Connections whose receivers acknowledged what the capture lacks. */
export async function missedData({ capture, filter }: Subject): Promise<Table> {
  const scope = await sequencesOf(capture, filter);
  return scope.table({
    source: "missedData",
    sources: { missed: await missedOf(scope) },
    query: `
      SELECT flow, client, client_port, server, server_port, sender, acks
      FROM missed JOIN conversations USING (flow_number) ORDER BY flow_number, from_client DESC`,
    columns: [flow, ...ends, sender, count("acks", "that it sent for data that is not in the capture")],
  });
}

/** In SQL: whether some packets all have one sender. */
export const oneWay = "(bool_and(from_client) OR NOT bool_or(from_client))";

/**
 * Conversations that tell whether the capture has both directions, as relation `sighted`: those that have, and (`one_way`) those of
 * which one side goes on as if answered, or answers what nobody asked.
 */
export const sightedViews = {
  halves: `
    SELECT flow_number, any_value(sender) AS seen, count(*) AS packets, ${oneWay} AS one_way,
      bool_or(NOT syn AND NOT rst) AS goes_on
    FROM tcp GROUP BY flow_number
    UNION ALL
    SELECT flow_number, CASE WHEN any_value(from_client) THEN 'client' ELSE 'server' END, count(*), ${oneWay},
      NOT ${oneWay} OR coalesce(bool_and(answers), false)
    FROM (
      SELECT flow_number, from_client, coalesce(icmp_type IN (0, 129), dns_rcode IS NOT NULL) AS answers
      FROM picked WHERE quoted_src IS NULL AND (icmp_type IN (0, 8, 128, 129) OR transport = 'udp' AND regexp_matches(protocols, ':dns(:|$)')))
    WHERE flow_number IS NOT NULL GROUP BY flow_number`,
  sighted: "SELECT * FROM halves WHERE goes_on",
};

/** Conversations of which the capture has one direction, though that side goes on as if answered. */
export async function oneSided({ capture, filter }: Subject): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "oneSided",
    views: sightedViews,
    query: `
      SELECT flow, client, client_port, server, server_port, seen, packets
      FROM sighted JOIN conversations USING (flow_number) WHERE one_way ORDER BY flow_number`,
    columns: [
      flow,
      ...ends,
      word("seen", "client or server: whose packets are there"),
      count("packets", "of it"),
    ],
  });
}

/**
 * Conversations whose missing answers may be the capture's doing, as relation `unheard`. Of a client to whom nothing at all was sent the capture
 * may have one direction only, by a filter or its place; of handshakes where no segment of TCP is without SYN, FIN or RST, a filter by flags may
 * have left the rest out. Who asks again, SYNs and DNS questions, had no answer; pings go on in any case.
 */
export const unheardViews = {
  quiet: "SELECT flow_number FROM halves WHERE one_way AND NOT goes_on AND seen = 'client'",
  asking: `
    SELECT flow_number, count(*) - count(DISTINCT question) AS again
    FROM (
      SELECT flow_number, 0::UBIGINT AS question FROM tcp SEMI JOIN quiet USING (flow_number) WHERE syn
      UNION ALL
      SELECT flow_number, hash(dns_id, lower(dns_name), dns_type, CASE WHEN dns_id IS NULL THEN frame END)
      FROM picked SEMI JOIN quiet USING (flow_number) WHERE transport <> 'tcp' AND quoted_src IS NULL)
    GROUP BY flow_number`,
  // Who answers alone was asked, and the capture hasn't it.
  answering: `
    SELECT flow_number, NOT bool_or(from_client) AS alone FROM tcp SEMI JOIN (FROM halves WHERE NOT goes_on) USING (flow_number)
    GROUP BY flow_number HAVING bool_or(syn AND ack) AND NOT bool_or(rst) AND (alone OR count(*) FILTER (syn AND ack) = 1)`,
  spokento:
    "SELECT DISTINCT dst FROM packets WHERE dst IN (SELECT client FROM asking JOIN conversations USING (flow_number))",
  plain:
    "SELECT 1 FROM packets WHERE transport = 'tcp' AND NOT regexp_matches(tcp_flags, 'SYN|FIN|RST') LIMIT 1",
  unheard: `
    SELECT flow_number FROM asking JOIN conversations USING (flow_number) WHERE again = 0 AND client NOT IN (FROM spokento)
    UNION SELECT flow_number FROM answering WHERE alone OR NOT EXISTS (FROM plain)`,
};

/** Those conversations. */
export async function unheard({ capture, filter }: Subject): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "unheard",
    views: { ...sightedViews, ...unheardViews },
    query: `
      SELECT flow, client, client_port, server, server_port, count(*) AS packets
      FROM unheard JOIN conversations USING (flow_number) JOIN own USING (flow_number) GROUP BY ALL ORDER BY min(frame)`,
    columns: [flow, ...ends, count("packets", "of it")],
  });
}
