import { type Capture, scopeOf, type TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { count, duration, flag, runningCount, start, word } from "../query/index.js";

const columns: Column[] = [
  start,
  word("dhcp_id", "transaction"),
  { name: "version", type: "INTEGER", meaning: "4 or 6: DHCP or DHCPv6" },
  word("vlan", "VLAN ids of its first packet, outermost first"),
  word("tunnel_id", "VNI, key, labels or session of its first packet"),
  word(
    "client_mac",
    "MAC address of the client, as DHCP has it; of DHCPv6 the one that the first packet came from: the client, or a relay",
  ),
  word("server", "address that settled it, else the first that answered; null without an answer"),
  word("messages", "in their order"),
  word(
    "outcome",
    "granted; refused; told (the client asked for no address); confirmed (DHCPv6: the address still fits the link); released, declined (given up, or found in use, by the client); unseen (the client goes on as if answered: the capture has no answers); open (no answer that settles it)",
  ),
  count("repeats", "messages that the client sent again"),
  duration("duration_ns", "from the first message to the last"),
  flag("relayed", "a relay's messages are among them"),
];

const v4: [number, string][] = [
  [1, "discover"],
  [2, "offer"],
  [3, "request"],
  [4, "decline"],
  [5, "ack"],
  [6, "nak"],
  [7, "release"],
  [8, "inform"],
  [9, "force-renew"],
  [10, "lease-query"],
  [11, "lease-unassigned"],
  [12, "lease-unknown"],
  [13, "lease-active"],
  [14, "bulk-lease-query"],
  [15, "lease-query-done"],
];
const v6: [number, string][] = [
  [1, "solicit"],
  [2, "advertise"],
  [3, "request"],
  [4, "confirm"],
  [5, "renew"],
  [6, "rebind"],
  [7, "reply"],
  [8, "release"],
  [9, "decline"],
  [10, "reconfigure"],
  [11, "information-request"],
  [12, "relay-forward"],
  [13, "relay-reply"],
  [14, "lease-query"],
  [15, "lease-query-reply"],
  [16, "lease-query-done"],
  [17, "lease-query-data"],
];

/** What a server says of a lease that somebody asks after (RFC 4388, RFC 5007). */
const leaseAnswers =
  "('lease-unassigned', 'lease-unknown', 'lease-active', 'lease-query-done', 'lease-query-reply', 'lease-query-data')";

/** Whoever says it again hasn't got, or doesn't take, what it was offered; other messages may come again after an answer. */
const seeking = "('discover', 'solicit')";

/** What a client says when it wants an address, given or prolonged. */
export const wanting = ["discover", "request", "solicit", "renew", "rebind"] as const;

/**
 * What a server's message settles. Who has got an ack doesn't listen to another server's nak any more (RFC 2131, 4.4.1). An ack without a lease answers an inform (RFC 2131, table 3). A reply of DHCPv6 grants what it gives
 * a lifetime to, whatever its status says of another address; a server that has none says so in its advertise (RFC 8415, 18.3).
 */
const verdict = `
  CASE
    WHEN message = 'nak' THEN CASE WHEN acknowledged THEN NULL ELSE 'refused' END
    WHEN message = 'ack' THEN CASE WHEN leases IS NULL AND NOT wanting THEN 'told' ELSE 'granted' END
    WHEN message IN ${leaseAnswers} THEN 'told'
    WHEN message = 'release' AND version = 4 OR message = 'reply' AND releasing THEN 'released'
    WHEN message = 'decline' AND version = 4 OR message = 'reply' AND declining THEN 'declined'
    WHEN message = 'reply' AND lasting THEN 'granted'
    WHEN message = 'reply' AND failing OR message = 'advertise' AND failing AND NOT offered THEN 'refused'
    WHEN message = 'reply' AND confirming THEN 'confirmed'
    WHEN message = 'reply' AND informing THEN 'told'
    WHEN message = 'reply' AND wanting AND leases IS NOT NULL THEN 'refused'
  END`;

const named = (names: [number, string][]) =>
  `CASE dhcp_type ${names.map(([number, name]) => `WHEN ${number} THEN '${name}'`).join(" ")} ELSE CAST(dhcp_type AS VARCHAR) END`;

const asked = (name: string, messages: string) =>
  `bool_or(message IN ${messages}) OVER (PARTITION BY exchange) AS ${name}`;

/**
 * DHCP and DHCPv6: who asked for an address, what was said, and whether it was granted (RFC 2131, RFC 8415).
 *
 * Columns:
 * - `start_ns` BIGINT, ns since 1970: when it began
 * - `dhcp_id` VARCHAR: transaction
 * - `version` INTEGER: 4 or 6: DHCP or DHCPv6
 * - `vlan` VARCHAR: VLAN ids of its first packet, outermost first
 * - `tunnel_id` VARCHAR: VNI, key, labels or session of its first packet
 * - `client_mac` VARCHAR: MAC address of the client, as DHCP has it; of DHCPv6 the one that the first packet came from: the
 *   client, or a relay
 * - `server` VARCHAR: address that settled it, else the first that answered; null without an answer
 * - `messages` VARCHAR: in their order
 * - `outcome` VARCHAR: granted; refused; told (the client asked for no address); confirmed (DHCPv6: the address still fits the
 *   link); released, declined (given up, or found in use, by the client); unseen (the client goes on as if answered: the capture
 *   has no answers); open (no answer that settles it)
 * - `repeats` BIGINT, packets: messages that the client sent again
 * - `duration_ns` BIGINT, ns: from the first message to the last
 * - `relayed` BOOLEAN: a relay's messages are among them
 *
 * @param filter which conversations, and when. Default: all.
 * @returns a Table, one row per transaction, in order of time.
 * @throws SkbookError as `flows` does.
 */
export async function dhcpExchanges(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "dhcpExchanges",
    needs: "FROM packets WHERE dhcp_type IS NOT NULL",
    views: {
      messages: `
        SELECT *, CASE WHEN contains(src, ':') THEN 6 ELSE 4 END AS version,
          CASE WHEN version = 4 THEN ${named(v4)} ELSE ${named(v6)} END AS message,
          message IN ('offer', 'ack', 'nak', 'advertise', 'reply', 'force-renew', 'reconfigure') OR message IN ${leaseAnswers} AS from_server,
          row_number() OVER (ORDER BY time_ns, frame) AS spoken_at,
          CASE
            WHEN dhcp_client IS NOT NULL AND message <> 'lease-query' AND message NOT IN ${leaseAnswers} THEN dhcp_client
            WHEN version = 6 OR contains(message, 'lease') THEN CASE WHEN from_server THEN dst ELSE src END END AS client,
          hash(vlan, tunnel, tunnel_id, interface, cooked_interface) AS network,
          CASE WHEN NOT dhcp_enclosed THEN message WHEN from_server THEN 'relay-reply' ELSE 'relay-forward' END AS said,
          list_transform(string_split(dhcp_lease_seconds, ','), x -> CAST(x AS BIGINT)) AS leases,
          coalesce(list_max(leases) > 0, false) AS lasting,
          coalesce(list_bool_or(list_transform(string_split(dhcp_status, ','), x -> x <> '0')), false) AS failing
        FROM picked WHERE dhcp_type IS NOT NULL AND quoted_src IS NULL`,
      // Who asks after a lease names another client (RFC 4388). Two clients may have the same transaction, and one may have it in two networks, where each has a client's messages.
      placed: `
        SELECT *, bool_or(NOT from_server) OVER (PARTITION BY version, dhcp_id, client, network) AS speaking,
          last_value(CASE WHEN NOT from_server THEN network END IGNORE NULLS) OVER (
            PARTITION BY version, dhcp_id, client ORDER BY spoken_at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS asked_in,
          first_value(CASE WHEN NOT from_server THEN network END IGNORE NULLS) OVER (
            PARTITION BY version, dhcp_id, client ORDER BY spoken_at ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS first_in
        FROM messages`,
      owned: `
        SELECT *, dense_rank() OVER (
          ORDER BY version, dhcp_id, client, CASE WHEN speaking THEN network ELSE coalesce(asked_in, first_in) END) AS exchange
        FROM placed`,
      answered: `
        SELECT *, ${runningCount("from_server")} OVER (PARTITION BY exchange ORDER BY spoken_at) AS answers,
          ${runningCount("NOT from_server")} OVER (PARTITION BY exchange ORDER BY spoken_at) AS questions
        FROM owned`,
      spoken: `
        SELECT *, CASE WHEN message IN ${seeking} THEN 0 ELSE answers END AS phase,
          row_number() OVER (PARTITION BY exchange, message, src, phase ORDER BY spoken_at) AS times,
          message = 'request' AND version = 4 AND bool_or(message = 'discover') OVER before AND NOT bool_or(from_server) OVER before AS goes_on,
          bool_or(message = 'ack') OVER (PARTITION BY exchange, questions ORDER BY spoken_at) AS acknowledged,
          bool_or(lasting) OVER (PARTITION BY exchange) AS offered,
          ${asked("wanting", `(${wanting.map((message) => `'${message}'`).join(", ")})`)}, ${asked("informing", "('inform', 'information-request')")},
          ${asked("releasing", "('release')")}, ${asked("declining", "('decline')")}, ${asked("confirming", "('confirm')")}
        FROM answered WINDOW before AS (PARTITION BY exchange ORDER BY spoken_at)`,
      // What a relay passes on has been said once.
      judged: `
        SELECT *, ${verdict} AS verdict,
          NOT from_server AND times > 1 AND row_number() OVER (PARTITION BY exchange, message, phase, times ORDER BY spoken_at) = 1 AS again
        FROM spoken`,
    },
    query: `
      SELECT min(time_ns) AS start_ns, any_value(dhcp_id) AS dhcp_id, any_value(version) AS version, arg_min(vlan, spoken_at) AS vlan,
        arg_min(tunnel_id, spoken_at) AS tunnel_id,
        coalesce(any_value(dhcp_client) FILTER (version = 4), arg_min(eth_src, spoken_at)) AS client_mac,
        coalesce(arg_min(src, spoken_at) FILTER (from_server AND verdict = last_verdict), arg_min(src, spoken_at) FILTER (from_server)) AS server, string_agg(said, ' ' ORDER BY spoken_at) AS messages,
        coalesce(arg_max(verdict, spoken_at), CASE WHEN bool_or(goes_on) THEN 'unseen' ELSE 'open' END) AS outcome,
        count(*) FILTER (again) AS repeats, max(time_ns) - min(time_ns) AS duration_ns,
        bool_or(dhcp_enclosed OR (version = 4 AND src_port = 67 AND dst_port = 67)) AS relayed
      FROM (SELECT *, arg_max(verdict, spoken_at) OVER (PARTITION BY exchange) AS last_verdict FROM judged)
      GROUP BY exchange ORDER BY min(frame)`,
    columns,
  });
}
