import type { Column, Table } from "../../tables/index.js";
import type { Capture } from "../capture.js";
import { count, duration, flag, scopeOf, start, type TrafficFilter, word } from "../scope/index.js";

const columns: Column[] = [
  start,
  word("dhcp_id", "transaction"),
  { name: "version", type: "INTEGER", meaning: "4 or 6: DHCP or DHCPv6" },
  word("client_mac", "MAC address that the first packet came from: the client, or a relay"),
  word("server", "address that answered; null without an answer"),
  word("messages", "in their order"),
  word("outcome", "granted, refused, or open (no answer that settles it)"),
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
  [11, "information-request"],
  [12, "relay-forward"],
  [13, "relay-reply"],
];

const named = (names: [number, string][]) =>
  `CASE dhcp_type ${names.map(([number, name]) => `WHEN ${number} THEN '${name}'`).join(" ")} ELSE CAST(dhcp_type AS VARCHAR) END`;

/**
 * DHCP and DHCPv6: who asked for an address, what was said, and whether it was granted.
 *
 * @param filter which conversations, and when. Default: all.
 * @returns a Table, one row per transaction, in order of time.
 * @throws SkbookError as `flows` does.
 */
export async function dhcpExchanges(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "dhcpExchanges",
    views: {
      messages: `
        SELECT *, CASE WHEN contains(src, ':') THEN 6 ELSE 4 END AS version,
          CASE WHEN version = 4 THEN ${named(v4)} ELSE ${named(v6)} END AS message
        FROM own WHERE dhcp_type IS NOT NULL AND quoted_src IS NULL`,
      spoken: `
        SELECT *, message IN ('offer', 'ack', 'nak', 'advertise', 'reply', 'relay-reply') AS from_server,
          row_number() OVER (PARTITION BY version, dhcp_id, message ORDER BY frame) AS times FROM messages`,
    },
    query: `
      SELECT min(time_ns) AS start_ns, dhcp_id, version, arg_min(eth_src, frame) AS client_mac,
        arg_max(src, frame) FILTER (from_server) AS server, string_agg(message, ' ' ORDER BY frame) AS messages,
        CASE
          WHEN arg_max(message, frame) FILTER (message IN ('ack', 'nak', 'reply')) = 'nak' THEN 'refused'
          WHEN bool_or(message IN ('ack', 'reply')) THEN 'granted'
          ELSE 'open' END AS outcome,
        count(*) FILTER (NOT from_server AND times > 1) AS repeats, max(time_ns) - min(time_ns) AS duration_ns,
        bool_or(contains(message, 'relay') OR (version = 4 AND src_port = 67 AND dst_port = 67)) AS relayed
      FROM spoken GROUP BY version, dhcp_id ORDER BY min(frame)`,
    columns,
  });
}
