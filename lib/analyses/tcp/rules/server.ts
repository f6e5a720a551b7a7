import type { Table } from "../../../tables/index.js";
import { among, flag } from "../../query/index.js";
import type { Subject } from "../../subject/index.js";
import { sequencesOf } from "../sequence/index.js";
import { tcpTurns } from "../turns.js";

/** Layers, by tshark's names, whose servers speak when they have something to say, and not only to answer. */
const unaskedLayers = [
  ...["ssh", "telnet", "x11", "vnc", "rdp", "irc", "xmpp", "imap", "websocket", "mqtt", "amqp"],
  ...["bgp", "ldp", "msdp", "sip", "rtsp", "openvpn", "pptp"],
  ...["openflow", "openflow_v1", "openflow_v4", "openflow_v5", "openflow_v6"],
];
/** Layers whose servers greet who connects, and so speak first: who connects waits for that. */
const greetingLayers = ["ssh", "smtp", "ftp", "mysql", "pop", "imap", "nntp", "telnet", "vnc"];
const hasLayer = (layers: readonly string[]) =>
  `list_has_any(string_split(protocols, ':'), [${layers.map((layer) => `'${layer}'`).join(", ")}])`;

/**
 * Who speaks when, and whether the server of the connection also speaks without being asked: its protocol has it so, or it spoke once more by then,
 * nothing under way, after a pause as long as the limit. In the first turn a server only speaks late where its protocol has it greet. A server of HTTP/1 only answers: what comes after a pause is the rest of its answer, unless it
 * leads a tunnel (CONNECT).
 * Looked for where the server made somebody wait for longer.
 */
export async function serverTurns(
  { capture, filter }: Subject,
  { waitMs }: { waitMs: number },
): Promise<Table> {
  const turns = await tcpTurns(capture, filter);
  const scope = await sequencesOf(capture, filter);
  return scope.table({
    source: "serverTurns",
    sources: { turns },
    views: {
      slow: `
        SELECT DISTINCT flow_number FROM turns JOIN conversations USING (flow)
        WHERE sender = 'server' AND wait_ns > ${waitMs * 1e6}`,
      spoken: `
        SELECT flow_number, from_client, protocols,
          min(turn) FILTER (NOT from_client AND wait_ns IS NULL AND spent = 'server' AND since_ns > ${waitMs * 1e6}) AS again_turn
        FROM tcp WHERE ${among("flow_number", "slow")} GROUP BY ALL`,
      unasked: `
        SELECT flow, CASE
            WHEN bool_or(NOT from_client AND ${hasLayer(unaskedLayers)}) THEN 0
            WHEN NOT bool_or(regexp_matches(protocols, ':http(:|$)')) OR bool_or(contains(protocols, ':http:tls')) THEN min(again_turn)
          END AS since_turn,
          bool_or(NOT from_client AND ${hasLayer(greetingLayers)}) AS greets
        FROM spoken JOIN conversations USING (flow_number) GROUP BY flow`,
    },
    query: `
      SELECT turns.*, coalesce(CASE WHEN turn = 1 THEN NOT greets ELSE turn >= since_turn END, false) AS unasked,
        coalesce(turn = 1 AND greets, false) AS greeting
      FROM turns JOIN conversations USING (flow) LEFT JOIN unasked USING (flow) ORDER BY flow_number, turn`,
    columns: [
      ...turns.schema,
      flag("unasked", "the server also speaks without being asked, or had done so by then"),
      flag("greeting", "it is what the server says first to whoever connects"),
    ],
  });
}
