import type { Table } from "../../../tables/index.js";
import { flag } from "../../query/index.js";
import type { Subject } from "../../subject/index.js";
import { sequencesOf } from "../sequence/index.js";
import { tcpTurns } from "../turns.js";

/** Layers, by tshark's names, whose servers speak when they have something to say. */
const unaskedLayers = [
  ...[
    "ssh",
    "telnet",
    "x11",
    "vnc",
    "rdp",
    "tpkt",
    "irc",
    "xmpp",
    "imap",
    "websocket",
    "http2",
    "mqtt",
    "amqp",
  ],
  ...["bgp", "ldp", "msdp", "pcep", "diameter", "sip", "rtsp", "openvpn", "pptp", "iscsi"],
  ...["openflow", "openflow_v1", "openflow_v4", "openflow_v5", "openflow_v6"],
];

/**
 * Who speaks when, and whether the server of the connection also speaks without being asked: its protocol has it so, or it spoke once more, nothing
 * under way, after a pause as long as the limit. Looked for where the server made somebody wait for longer.
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
        WHERE sender = 'server' AND turn > 1 AND wait_ns > ${waitMs * 1e6}`,
      spoken: `
        SELECT flow_number, NOT from_client AND turn IS NOT NULL AND wait_ns IS NULL AND spent = 'server' AND since_ns > ${waitMs * 1e6} AS again,
          list_has_any(string_split(protocols, ':'), [${unaskedLayers.map((layer) => `'${layer}'`).join(", ")}]) AS always
        FROM tcp SEMI JOIN slow USING (flow_number)`,
      unasked:
        "SELECT DISTINCT flow FROM spoken JOIN conversations USING (flow_number) WHERE again OR always",
    },
    query: `
      SELECT turns.*, unasked.flow IS NOT NULL AS unasked
      FROM turns JOIN conversations USING (flow) LEFT JOIN unasked USING (flow) ORDER BY flow_number, turn`,
    columns: [...turns.schema, flag("unasked", "the server also speaks without being asked")],
  });
}
