import type { Capture, TrafficFilter } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { count, duration, ends, flag, flow, start, word } from "../query/index.js";
import { sequencesOf } from "./sequence/index.js";

const columns: Column[] = [
  flow,
  ...ends,
  start,
  word(
    "outcome",
    "established; refused (RST to the SYN); unanswered; half open (no ACK after the SYN ACK, or none that the server takes: it says its SYN ACK again, and nothing else); not seen (begun before the capture)",
  ),
  count("syns", "SYNs of the client until its first ACK: above 1 it had to ask again"),
  count("syn_acks", "SYN ACKs of the server"),
  duration("retry_ns", "from the first SYN to the one that was answered, or to the last"),
  duration("server_ns", "from that SYN to the SYN ACK: path and kernel on the server's side of the capture"),
  duration("client_ns", "from the last SYN ACK to the client's ACK: path on the client's side"),
  duration("handshake_ns", "both: a round trip of the whole path"),
  duration("setup_ns", "from the first SYN to the client's ACK: with all that was lost and asked again"),
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
  flag(
    "window_scaling",
    "both offered it, so it is on; null without both SYNs, or where they are cut, as the next two",
  ),
  flag("sack", "both allow selective acks"),
  flag("timestamps", "both sent timestamps"),
  flag("ecn", "both agreed on explicit congestion notification"),
];

/** The client's SYN, and what the server says to it: its own SYN, mostly with an ACK (also without, where both open at once). */
const asks = "syn AND NOT ack AND from_client";
const answers = "syn AND NOT from_client";
/** The client says that it got that. */
const acks = "from_client AND ack AND NOT syn AND NOT rst";
/** One ACK of a SYN ACK may be lost; where the server says it again more often, it doesn't take them. */
const refusedAcks = 2;
/** What a SYN ACK says where Accurate ECN was offered (RFC 9768): anything but nothing, and but the offer itself, which something reflects. */
const accurate = `regexp_matches(tcp_flags, 'AE|ECE|CWR')
  AND NOT (contains(tcp_flags, 'AE') AND contains(tcp_flags, 'ECE') AND contains(tcp_flags, 'CWR'))`;

/** Whether the SYNs of both sides carry an option; null where the snap length cut it off. */
const offered = (option: string) =>
  ["from_client", "NOT from_client"]
    .map((side) => `bool_or(${option}) FILTER (syn AND ${side} AND (NOT cut OR ${option}))`)
    .join(" AND ");

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
 * - `outcome` VARCHAR: established; refused (RST to the SYN); unanswered; half open (no ACK after the SYN ACK, or none that the
 *   server takes: it says its SYN ACK again, and nothing else); not seen (begun before the capture)
 * - `syns` BIGINT, packets: SYNs of the client until its first ACK: above 1 it had to ask again
 * - `syn_acks` BIGINT, packets: SYN ACKs of the server
 * - `retry_ns` BIGINT, ns: from the first SYN to the one that was answered, or to the last
 * - `server_ns` BIGINT, ns: from that SYN to the SYN ACK: path and kernel on the server's side of the capture
 * - `client_ns` BIGINT, ns: from the last SYN ACK to the client's ACK: path on the client's side
 * - `handshake_ns` BIGINT, ns: both: a round trip of the whole path
 * - `setup_ns` BIGINT, ns: from the first SYN to the client's ACK: with all that was lost and asked again
 * - `client_mss_bytes` INTEGER, bytes: largest segment that the client takes
 * - `server_mss_bytes` INTEGER, bytes: largest segment that the server takes
 * - `client_window_shift` INTEGER: window scale that the client offered; null: none
 * - `server_window_shift` INTEGER: window scale that the server offered; null: none
 * - `window_scaling` BOOLEAN: both offered it, so it is on; null without both SYNs, or where they are cut, as the next two
 * - `sack` BOOLEAN: both allow selective acks
 * - `timestamps` BOOLEAN: both sent timestamps
 * - `ecn` BOOLEAN: both agreed on explicit congestion notification
 *
 * @param filter which connections, and when. Default: all.
 * @returns a Table, one row per connection, in order of their first packets.
 * @throws SkbookError as `flows` does.
 */
export async function tcpHandshakes(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await sequencesOf(capture, filter);
  return scope.table({
    source: "tcpHandshakes",
    views: {
      connections: `
        SELECT flow_number, min(frame) AS first_frame, arg_min(time_ns, place) AS start_ns,
          min(place) FILTER (${acks}) AS client_ack, arg_min(time_ns, place) FILTER (${acks}) AS client_ack_ns,
          bool_or(NOT from_client AND NOT syn AND NOT rst) AS server_spoke,
          bool_or(rst AND NOT from_client) AS server_rst, bool_or(NOT rst AND ack AND from_client) AS client_acked
        FROM tcp GROUP BY flow_number`,
      // What the snap length cut is longer than the payload: some of the options isn't there.
      syns: `
        SELECT flow_number, place, time_ns, from_client, ack, syn, tcp_flags, tcp_mss_bytes, tcp_window_shift, tcp_sack_permitted, tcp_tsval,
          captured_bytes < wire_bytes AND wire_bytes - captured_bytes > tcp_len_bytes AS cut
        FROM tcp WHERE syn`,
      offers: `
        SELECT flow_number, count(*) FILTER (${asks}) AS syns, count(*) FILTER (${answers} AND ack) AS syn_acks,
          min(place) FILTER (${asks}) AS first_syn, max(place) FILTER (${asks}) AS last_syn,
          max(tcp_mss_bytes) FILTER (from_client) AS client_mss_bytes,
          max(tcp_mss_bytes) FILTER (NOT from_client) AS server_mss_bytes,
          max(tcp_window_shift) FILTER (from_client) AS client_window_shift,
          max(tcp_window_shift) FILTER (NOT from_client) AS server_window_shift,
          ${offered("tcp_window_shift IS NOT NULL")} AS window_scaling,
          ${offered("tcp_sack_permitted")} AS sack,
          ${offered("tcp_tsval IS NOT NULL")} AS timestamps,
          bool_or(contains(tcp_flags, 'ECE') AND contains(tcp_flags, 'CWR')) FILTER (${asks}) AND coalesce(
            bool_or(contains(tcp_flags, 'ECE') AND NOT contains(tcp_flags, 'CWR')) FILTER (${answers})
            OR (bool_or(contains(tcp_flags, 'AE')) FILTER (${asks}) AND bool_or(${accurate}) FILTER (${answers})), false) AS ecn
        FROM syns GROUP BY flow_number`,
      // What the server says again after the client's ACK is no part of the handshake any more.
      answered: `
        SELECT flow_number, coalesce(max(place) FILTER (place < client_ack), max(place)) AS last_answer
        FROM syns JOIN connections USING (flow_number) WHERE ${answers} GROUP BY flow_number`,
      asked: `
        SELECT flow_number, max(place) FILTER (place <= last_answer) AS answered_syn
        FROM syns JOIN answered USING (flow_number) WHERE ${asks} GROUP BY flow_number`,
      steps: `
        SELECT flow_number, count(*) FILTER (${asks} AND NOT coalesce(place > client_ack AND client_ack > first_syn, false)) AS opening_syns,
          count(*) FILTER (${answers} AND ack AND place > client_ack) AS answered_again, min(time_ns) FILTER (place = first_syn) AS first_syn_ns, min(time_ns) FILTER (place = last_syn) AS last_syn_ns,
          min(time_ns) FILTER (place = answered_syn) AS answered_syn_ns,
          arg_min(time_ns, place) FILTER (${answers} AND (place >= answered_syn OR answered_syn IS NULL)) AS answer_ns,
          min(time_ns) FILTER (place = last_answer) AS last_answer_ns
        FROM syns JOIN connections USING (flow_number) JOIN offers USING (flow_number) LEFT JOIN answered USING (flow_number)
          LEFT JOIN asked USING (flow_number) GROUP BY flow_number`,
      // The client's ACK of a SYN ACK that came after an earlier ACK of it.
      overtaken:
        "SELECT flow_number, last_answer FROM answered JOIN connections USING (flow_number) WHERE client_ack < last_answer",
      later: `
        SELECT flow_number, arg_min(time_ns, place) AS acked_ns FROM tcp JOIN overtaken USING (flow_number)
        WHERE ${acks} AND place >= last_answer GROUP BY flow_number`,
      confirmed: `
        SELECT answered.flow_number, CASE WHEN overtaken.flow_number IS NULL THEN client_ack_ns ELSE later.acked_ns END AS acked_ns
        FROM answered JOIN connections USING (flow_number)
          LEFT JOIN overtaken USING (flow_number) LEFT JOIN later USING (flow_number)`,
    },
    query: `
      SELECT flow, client, client_port, server, server_port, start_ns,
        CASE
          WHEN coalesce(syns, 0) = 0 AND coalesce(syn_acks, 0) = 0 THEN 'not seen'
          WHEN answered_again >= ${refusedAcks} AND NOT server_spoke THEN 'half open'
          WHEN client_acked AND (syn_acks > 0 OR NOT coalesce(server_rst, false)) THEN 'established'
          WHEN syn_acks > 0 THEN 'half open'
          WHEN server_rst THEN 'refused'
          ELSE 'unanswered' END AS outcome,
        coalesce(opening_syns, 0) AS syns, coalesce(syn_acks, 0) AS syn_acks, coalesce(answered_syn_ns, last_syn_ns) - first_syn_ns AS retry_ns,
        CASE WHEN answer_ns >= answered_syn_ns THEN answer_ns - answered_syn_ns END AS server_ns,
        CASE WHEN acked_ns >= last_answer_ns THEN acked_ns - last_answer_ns END AS client_ns,
        server_ns + client_ns AS handshake_ns,
        CASE WHEN acked_ns >= first_syn_ns THEN acked_ns - first_syn_ns END AS setup_ns,
        client_mss_bytes, server_mss_bytes, client_window_shift, server_window_shift,
        ${["window_scaling", "sack", "timestamps", "ecn"].map(agreed).join(", ")}
      FROM connections JOIN conversations USING (flow_number) LEFT JOIN offers USING (flow_number) LEFT JOIN steps USING (flow_number)
        LEFT JOIN confirmed USING (flow_number)
      ORDER BY first_frame`,
    columns,
  });
}
