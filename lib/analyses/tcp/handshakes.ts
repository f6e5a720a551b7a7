import { type Capture, scopeOf, type TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { count, duration, ends, flag, flow, start, word } from "../query/index.js";

const columns: Column[] = [
  flow,
  ...ends,
  start,
  word(
    "outcome",
    "established; refused (RST to the SYN); unanswered; half open (no ACK after the SYN ACK); not seen (begun before the capture)",
  ),
  count("syns", "SYNs of the client: above 1 it had to ask again"),
  count("syn_acks", "SYN ACKs of the server"),
  duration("retry_ns", "from the first SYN to the one that was answered, or to the last"),
  duration("server_ns", "from that SYN to the SYN ACK: path and kernel on the server's side of the capture"),
  duration("client_ns", "from the last SYN ACK to the client's ACK: path on the client's side"),
  duration("handshake_ns", "both: a round trip of the whole path"),
  {
    name: "client_mss_bytes",
    type: "INTEGER",
    unit: "bytes",
    meaning: "largest segment that the client takes",
  },
  {
    name: "server_mss_bytes",
    type: "INTEGER",
    unit: "bytes",
    meaning: "largest segment that the server takes",
  },
  {
    name: "client_window_shift",
    type: "INTEGER",
    meaning: "window scale that the client offered; null: none",
  },
  {
    name: "server_window_shift",
    type: "INTEGER",
    meaning: "window scale that the server offered; null: none",
  },
  flag("window_scaling", "both offered it, so it is on; null without both SYNs, as the next two"),
  flag("sack", "both allow selective acks"),
  flag("timestamps", "both sent timestamps"),
  flag("ecn", "both agreed on explicit congestion notification"),
];

/** One SYN alone agrees on nothing. */
const agreed = (option: string) => `CASE WHEN syns > 0 AND syn_acks > 0 THEN ${option} END AS ${option}`;

/**
 * How each TCP connection was set up: whether it came about, how long each side of the path took, and the options that both ends agreed
 * on. An option counts as on when both SYNs carry it (RFC 7323, RFC 2018, RFC 3168).
 *
 * Columns:
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `client` VARCHAR: address of the client
 * - `client_port` INTEGER: its port
 * - `server` VARCHAR: address of the server
 * - `server_port` INTEGER: its port
 * - `start_ns` BIGINT, ns since 1970: when it began
 * - `outcome` VARCHAR: established; refused (RST to the SYN); unanswered; half open (no ACK after the SYN ACK); not seen (begun
 *   before the capture)
 * - `syns` BIGINT, packets: SYNs of the client: above 1 it had to ask again
 * - `syn_acks` BIGINT, packets: SYN ACKs of the server
 * - `retry_ns` BIGINT, ns: from the first SYN to the one that was answered, or to the last
 * - `server_ns` BIGINT, ns: from that SYN to the SYN ACK: path and kernel on the server's side of the capture
 * - `client_ns` BIGINT, ns: from the last SYN ACK to the client's ACK: path on the client's side
 * - `handshake_ns` BIGINT, ns: both: a round trip of the whole path
 * - `client_mss_bytes` INTEGER, bytes: largest segment that the client takes
 * - `server_mss_bytes` INTEGER, bytes: largest segment that the server takes
 * - `client_window_shift` INTEGER: window scale that the client offered; null: none
 * - `server_window_shift` INTEGER: window scale that the server offered; null: none
 * - `window_scaling` BOOLEAN: both offered it, so it is on; null without both SYNs, as the next two
 * - `sack` BOOLEAN: both allow selective acks
 * - `timestamps` BOOLEAN: both sent timestamps
 * - `ecn` BOOLEAN: both agreed on explicit congestion notification
 *
 * @param filter which connections, and when. Default: all.
 * @returns a Table, one row per connection, in order of their first packets.
 * @throws SkbookError as `flows` does.
 */
export async function tcpHandshakes(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await scopeOf(capture, filter);
  return scope.table({
    source: "tcpHandshakes",
    views: {
      offers: `
        SELECT flow_number, min(frame) AS first_frame, min(time_ns) AS start_ns,
          count(*) FILTER (syn AND NOT ack) AS syns, count(*) FILTER (syn AND ack) AS syn_acks,
          min(time_ns) FILTER (syn AND NOT ack) AS first_syn, max(time_ns) FILTER (syn AND NOT ack) AS last_syn,
          min(time_ns) FILTER (syn AND ack) AS first_answer, max(time_ns) FILTER (syn AND ack) AS last_answer,
          max(tcp_mss_bytes) FILTER (syn AND from_client) AS client_mss_bytes,
          max(tcp_mss_bytes) FILTER (syn AND NOT from_client) AS server_mss_bytes,
          max(tcp_window_shift) FILTER (syn AND from_client) AS client_window_shift,
          max(tcp_window_shift) FILTER (syn AND NOT from_client) AS server_window_shift,
          client_window_shift IS NOT NULL AND server_window_shift IS NOT NULL AS window_scaling,
          bool_or(tcp_sack_permitted) FILTER (syn AND NOT ack) AND bool_or(tcp_sack_permitted) FILTER (syn AND ack) AS sack,
          bool_or(tcp_tsval IS NOT NULL) FILTER (syn AND NOT ack) AND bool_or(tcp_tsval IS NOT NULL) FILTER (syn AND ack) AS timestamps,
          bool_or(contains(tcp_flags, 'ECE') AND contains(tcp_flags, 'CWR')) FILTER (syn AND NOT ack)
            AND bool_or(contains(tcp_flags, 'ECE') AND NOT contains(tcp_flags, 'CWR')) FILTER (syn AND ack) AS ecn,
          bool_or(rst AND NOT from_client) AS server_rst,
          bool_or(NOT syn AND NOT rst AND ack AND from_client) AS client_acked
        FROM tcp GROUP BY flow_number`,
      steps: `
        SELECT tcp.flow_number,
          max(time_ns) FILTER (syn AND NOT ack AND time_ns <= first_answer) AS answered_syn,
          min(time_ns) FILTER (from_client AND ack AND NOT syn AND NOT rst AND time_ns >= last_answer) AS acked
        FROM tcp JOIN offers USING (flow_number) WHERE first_answer IS NOT NULL GROUP BY tcp.flow_number`,
    },
    query: `
      SELECT flow, client, client_port, server, server_port, start_ns,
        CASE
          WHEN syns = 0 AND syn_acks = 0 THEN 'not seen'
          WHEN client_acked AND (syn_acks > 0 OR NOT coalesce(server_rst, false)) THEN 'established'
          WHEN syn_acks > 0 THEN 'half open'
          WHEN server_rst THEN 'refused'
          ELSE 'unanswered' END AS outcome,
        syns, syn_acks, coalesce(answered_syn, last_syn) - first_syn AS retry_ns,
        first_answer - answered_syn AS server_ns, acked - last_answer AS client_ns,
        server_ns + client_ns AS handshake_ns,
        client_mss_bytes, server_mss_bytes, client_window_shift, server_window_shift,
        ${["window_scaling", "sack", "timestamps", "ecn"].map(agreed).join(", ")}
      FROM offers JOIN conversations USING (flow_number) LEFT JOIN steps USING (flow_number) ORDER BY first_frame`,
    columns,
  });
}
