import { text } from "../../../captures/index.js";
import { type Application, rowColumns } from "../pass.js";

/** What TLS says in the clear of a handshake. */
export const tlsRecords: Application = {
  name: "tlsRecords",
  // tshark before 3.0 calls it ssl, and is refused for the lack of its fields.
  layers: ["tls", "ssl"],
  filter: "tcp && (tls.handshake.type || tls.record.content_type == 20 || tls.alert_message.desc)",
  columns: [
    ...rowColumns,
    text(
      ["types", null, "of records: 20 ChangeCipherSpec, 21 alert, 22 handshake"],
      "tls.record.content_type",
    ),
    text(["handshakes", null, "of messages: 1 ClientHello, 2 ServerHello, ..."], "tls.handshake.type"),
    text(["sni", null, "server name that the client asks for"], "tls.handshake.extensions_server_name"),
    text(["alpn", null, "protocols offered, or the one chosen"], "tls.handshake.extensions_alpn_str"),
    text(["versions", null, "versions of hellos"], "tls.handshake.version"),
    text(
      ["supported", null, "versions offered, or the one chosen, since TLS 1.3"],
      "tls.handshake.extensions.supported_version",
    ),
    text(["ciphers", null, "cipher suites offered, or the one chosen"], "tls.handshake.ciphersuite:R"),
    text(["levels", null, "of alerts"], "tls.alert_message.level:R"),
    text(["alerts", null, "alerts by name"], "tls.alert_message.desc:R"),
  ],
  essential: new Set(["frame.number", "tcp.segment", "tls.record.content_type", "tls.handshake.type"]),
};
