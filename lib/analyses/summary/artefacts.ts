import { type Capture, type Scope, scopeOf, type TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { among, count, dnsMessages, ends, flag, flow, sender, word } from "../query/index.js";
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

const number: Column = { name: "flow_number", type: "INTEGER", meaning: "of the conversation" };

/**
 * Of each conversation of TCP, pings and DNS, which sides the capture has. Those that go on as if answered, or answer what nobody asked, tell
 * whether it has both directions. Asked again of the same part of a capture, the same Table.
 */
export const halvesOf = async (scope: Scope): Promise<Table> =>
  scope.table({
    source: "halves",
    sources: { questions: await questionsOf(scope) },
    query: `
      SELECT flow_number, any_value(sender) AS seen, count(*) AS packets, ${oneWay} AS one_way,
        bool_or(NOT syn AND NOT rst) AS goes_on
      FROM tcp GROUP BY flow_number
      UNION ALL FROM questions`,
    columns: halves,
  });

const halves: Column[] = [
  number,
  word("seen", "client or server: whose packets are there; one of them where both are"),
  count("packets", "of it"),
  flag("one_way", "all of one side"),
  flag("goes_on", "as if answered, or it answers"),
];

/** The same of pings and DNS. What answers a question to another address, as many do that are asked by multicast, is not without its question. */
const questionsOf = (scope: Scope): Promise<Table> =>
  scope.table({
    source: "questions",
    needs: "FROM packets WHERE icmp_type IN (0, 8, 128, 129) OR dns_id IS NOT NULL",
    views: {
      ...dnsMessages,
      said: `
        SELECT flow_number, from_client, icmp_type IN (0, 129) AS answers,
          hash(icmp_id, icmp_seq, CASE WHEN icmp_type IN (0, 129) THEN dst ELSE src END) AS question
        FROM picked WHERE quoted_src IS NULL AND icmp_type IN (0, 8, 128, 129) AND flow_number IS NOT NULL
        UNION ALL
        SELECT flow_number, from_client, dns_rcode IS NOT NULL,
          CASE WHEN dns_rcode IS NULL THEN hash(dns_id, src, src_port) ELSE hash(dns_id, dst, dst_port) END
        FROM dns_packets WHERE quoted_src IS NULL AND transport = 'udp' AND flow_number IS NOT NULL`,
      lone: `SELECT flow_number FROM said GROUP BY flow_number HAVING ${oneWay} AND bool_and(answers)`,
      unasked: `
        SELECT DISTINCT flow_number FROM said SEMI JOIN lone USING (flow_number)
        WHERE question NOT IN (SELECT question FROM said WHERE NOT answers AND question IS NOT NULL)`,
    },
    query: `
      SELECT flow_number, CASE WHEN any_value(from_client) THEN 'client' ELSE 'server' END AS seen, count(*) AS packets, ${oneWay} AS one_way,
        NOT ${oneWay} OR ${among("flow_number", "unasked")} AS goes_on
      FROM said GROUP BY flow_number`,
    columns: halves,
  });

/** Conversations of which the capture has one direction, though that side goes on as if answered. */
export async function oneSided({ capture, filter }: Subject): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "oneSided",
    sources: { halves: await halvesOf(scope) },
    query: `
      SELECT flow, client, client_port, server, server_port, seen, packets
      FROM halves JOIN conversations USING (flow_number) WHERE goes_on AND one_way ORDER BY flow_number`,
    columns: [
      flow,
      ...ends,
      word("seen", "client or server: whose packets are there"),
      count("packets", "of it"),
    ],
  });
}

/**
 * Conversations whose missing answers may be the capture's doing. Of a client to whom nobody answered anything the capture may have one
 * direction only, by a filter or its place. Who asks again, SYNs and DNS questions, had no answer until then: that none came later is
 * certain where the capture has somebody's question of that kind with its answer. Pings go on in any case: their replies are missing for
 * certain where the capture has both directions of what else there is, or all devices of the host that sent them. Where it has no
 * segment of a client without SYN, FIN or RST, a filter by flags may have left out what confirms a SYN ACK. Asked again of the same
 * part of a capture, the same Table.
 */
export async function unheardOf({ capture, filter }: Subject): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  const halves = await halvesOf(scope);
  const silent = await halves.sql("SELECT 1 FROM this WHERE NOT goes_on LIMIT 1");
  const table = { source: "unheardFlows", columns: [number] };
  // Mostly all is answered, and nothing else has to be read.
  if (silent.shape[0] === 0)
    return scope.table({ ...table, sources: { halves }, query: "SELECT flow_number FROM halves LIMIT 0" });
  const whole = await scopeOf(capture, pointOf(filter));
  return scope.table({
    ...table,
    sources: { halves, whole: await halvesOf(whole) },
    views: {
      quiet: "SELECT flow_number FROM halves WHERE one_way AND NOT goes_on AND seen = 'client'",
      asking: `
        SELECT flow_number, any_value(kind) AS kind, count(*) - count(DISTINCT question) AS again
        FROM (
          SELECT flow_number, 'tcp' AS kind, 0::UBIGINT AS question FROM tcp WHERE syn AND ${among("flow_number", "quiet")}
          UNION ALL
          SELECT flow_number, CASE WHEN dns_id IS NULL THEN 'ping' ELSE 'dns' END,
            hash(dns_id, lower(dns_name), dns_type, CASE WHEN dns_id IS NULL THEN frame END)
          FROM picked SEMI JOIN quiet USING (flow_number) WHERE transport <> 'tcp' AND quoted_src IS NULL)
        GROUP BY flow_number`,
      // Who answers alone was asked, and the capture hasn't it.
      answering: `
        SELECT flow_number, NOT bool_or(from_client) AS alone FROM tcp SEMI JOIN (FROM halves WHERE NOT goes_on) USING (flow_number)
        GROUP BY flow_number HAVING bool_or(syn AND ack) AND NOT bool_or(rst)`,
      // The rest is of the whole capture, whatever part of it is asked for.
      askers: "SELECT DISTINCT client FROM asking JOIN conversations USING (flow_number)",
      answered: `
        SELECT DISTINCT dst FROM packets POSITIONAL JOIN sides WHERE (NOT from_client OR quoted_src IS NOT NULL) AND ${among("dst", "askers")}`,
      shown: `
        SELECT coalesce(bool_or(from_client AND transport = 'tcp' AND NOT regexp_matches(tcp_flags, 'SYN|FIN|RST')), false) AS confirmations
        FROM packets POSITIONAL JOIN sides`,
      facing: `
        SELECT bool_or(NOT one_way AND transport = 'tcp') AS tcp, bool_or(NOT one_way AND transport = 'udp') AS dns,
          count(DISTINCT (client, server)) FILTER (NOT one_way) >= ${leastFacing} AND NOT bool_or(one_way AND goes_on) AS ping
        FROM whole JOIN conversations USING (flow_number)`,
      // What the host passes on came in, too, and its answers may take another way.
      sent: `
        SELECT flow_number FROM sides JOIN packets USING (frame) WHERE ${hasBothDirections(capture, filter)} AND icmp_type IN (8, 128)
        GROUP BY flow_number HAVING bool_and(coalesce(cooked_direction = ${sentByHost}, false))`,
    },
    query: `
      SELECT flow_number FROM asking JOIN conversations USING (flow_number), facing
      WHERE client NOT IN (SELECT dst FROM answered)
        AND NOT coalesce(CASE kind WHEN 'tcp' THEN again > 0 AND tcp WHEN 'dns' THEN again > 0 AND dns
          ELSE ping OR flow_number IN (FROM sent) END, false)
      UNION SELECT flow_number FROM answering, shown WHERE alone OR NOT confirmations`,
  });
}

/**
 * So many pairs of hosts that are there both ways, and nobody one-sided, are no chance: one link of a bond of two has one of three pairs
 * both ways.
 */
const leastFacing = 3;

/** `cooked_direction` of what the host sent. */
const sentByHost = 4;

/** Words of tcpdump's filters that take both directions: of hosts, networks, ports and protocols. */
const symmetricWord = /^(?:host|net|port|portrange|and|or|not|icmp6?|arp|ip6?|tcp|udp|[\da-f.:/-]*)$/;
const isSymmetric = (filter: string) => filter.split(/[\s()!]+/).every((word) => symmetricWord.test(word));

/** Whether a capture surely has both directions of a host: skbook took it on all devices, without a filter by direction. */
function hasBothDirections(
  { provenance }: Capture,
  { bpf, filter, interface: point }: TrafficFilter,
): boolean {
  const { device, captureFilter } = provenance.details;
  return (
    provenance.source === "capture" &&
    device === "any" &&
    isSymmetric(String(captureFilter)) &&
    isSymmetric(bpf ?? "") &&
    filter === undefined &&
    point === undefined
  );
}

/** The conditions that leave packets out, of those that choose conversations. */
function pointOf({ bpf, filter, interface: point }: TrafficFilter): TrafficFilter {
  return {
    ...(bpf !== undefined && { bpf }),
    ...(filter !== undefined && { filter }),
    ...(point !== undefined && { interface: point }),
  };
}

/** Those conversations. */
export async function unheard({ capture, filter }: Subject): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "unheard",
    sources: { flows: await unheardOf({ capture, filter }), halves: await halvesOf(scope) },
    query: `
      SELECT flow, client, client_port, server, server_port, packets
      FROM flows JOIN halves USING (flow_number) JOIN conversations USING (flow_number) ORDER BY flow_number`,
    columns: [flow, ...ends, count("packets", "of it")],
  });
}
