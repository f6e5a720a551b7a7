import type { Capture, TrafficFilter } from "../../../captures/index.js";
import type { Column, Table } from "../../../tables/index.js";
import { duration, elapsed, ends, flag, flow, frame, time, word } from "../../query/index.js";
import { sequencesOf } from "../../tcp/index.js";
import { applicationTable, nothingLost } from "../table.js";
import { tlsRecords } from "./records.js";

const columns: Column[] = [
  {
    ...frame,
    meaning: "number of the ClientHello's first packet; of the ServerHello's where the capture has no other",
  },
  time,
  flow,
  ...ends,
  word("sni", "server name that the client asked for; null: none, or encrypted"),
  word("version", "TLS 1.3, TLS 1.2, ...: what the server chose; null without its answer"),
  word("cipher", "cipher suite that the server chose, by IANA's name"),
  word("alpn_offered", "application protocols that the client offered, joined by commas"),
  word("alpn", "the one that the server chose; null: none, or TLS 1.3, which encrypts it"),
  flag("hello_retry", "the server had the client say its hello again: one more round trip"),
  word(
    "outcome",
    "complete; alert (a fatal one, in the clear); broken off (the connection ended before); open; null where the capture misses a part of the connection",
  ),
  duration(
    "server_hello_ns",
    "from the ClientHello's last packet to the first of the server's answer: server, and path on its side",
  ),
  duration("handshake_ns", "from the ClientHello's first packet to the packet that completes the handshake"),
  word("alerts", "in the clear, in their order, joined by `; `: `server fatal: protocol version`"),
];

/**
 * TLS handshakes over TCP: what was asked for, what was agreed on, how long the server's answer and the whole took, and where it ended
 * early. tshark reads the capture once more, with segments put together: some 20 s and 1 GB of memory per million packets; `bpf` cuts a
 * big capture down first. Captures without TLS are not read again.
 *
 * Up to TLS 1.2 the later ChangeCipherSpec completes a handshake: its side's Finished follows at once. In TLS 1.3 it is the client's first
 * flight after the ServerHello, which has its Finished (RFC 8446, 2), unless it is no longer than an alert; with early data (0-RTT) that
 * is a lower bound. QUIC is not read.
 *
 * Columns:
 * - `frame` INTEGER: number of the ClientHello's first packet; of the ServerHello's where the capture has no other
 * - `time_ns` BIGINT, ns since 1970: when it was captured
 * - `flow` VARCHAR: id of the connection, as flows() has it
 * - `client` VARCHAR: address of the client
 * - `client_port` INTEGER: its port
 * - `server` VARCHAR: address of the server
 * - `server_port` INTEGER: its port
 * - `sni` VARCHAR: server name that the client asked for; null: none, or encrypted
 * - `version` VARCHAR: TLS 1.3, TLS 1.2, ...: what the server chose; null without its answer
 * - `cipher` VARCHAR: cipher suite that the server chose, by IANA's name
 * - `alpn_offered` VARCHAR: application protocols that the client offered, joined by commas
 * - `alpn` VARCHAR: the one that the server chose; null: none, or TLS 1.3, which encrypts it
 * - `hello_retry` BOOLEAN: the server had the client say its hello again: one more round trip
 * - `outcome` VARCHAR: complete; alert (a fatal one, in the clear); broken off (the connection ended before); open; null where
 *   the capture misses a part of the connection
 * - `server_hello_ns` BIGINT, ns: from the ClientHello's last packet to the first of the server's answer: server, and path on its
 *   side
 * - `handshake_ns` BIGINT, ns: from the ClientHello's first packet to the packet that completes the handshake
 * - `alerts` VARCHAR: in the clear, in their order, joined by `; `: `server fatal: protocol version`
 *
 * @param filter which connections, and when: by the time of the ClientHello. Default: all.
 * @returns a Table, one row per connection with a handshake, in the order of the file.
 * @throws SkbookError as `flows` does; `FIELD_UNKNOWN`.
 */
export async function tlsHandshakes(capture: Capture, filter: TrafficFilter = {}): Promise<Table> {
  const scope = await sequencesOf(capture, filter);
  return applicationTable(scope, tlsRecords, {
    source: "tlsHandshakes",
    relations,
    query: queryOf(nothingLost(scope)),
    columns,
  });
}

/** A ChangeCipherSpec, and an encrypted alert; a Finished alone takes 50 bytes at least (RFC 8446, 4.4.4 and 5.2). */
const alertBytes = 6 + 24;

const versionName = `CASE coalesce(supported, versions)
  WHEN '0x0300' THEN 'SSL 3.0' WHEN '0x0301' THEN 'TLS 1.0' WHEN '0x0302' THEN 'TLS 1.1' WHEN '0x0303' THEN 'TLS 1.2'
  WHEN '0x0304' THEN 'TLS 1.3' ELSE coalesce(supported, versions) END`;
const has = (list: string, number: number) => `list_contains(string_split(${list}, ','), '${number}')`;

const relations = {
  hellos: `
    SELECT flow_number, min(first_frame) AS hello_first, min(frame) AS hello_shown, max(frame) AS hello_last,
      count(DISTINCT start_seq) > 1 AS hello_retry, arg_min(sni, frame) AS sni, arg_min(alpn, frame) AS alpn_offered
    FROM shown WHERE from_client AND ${has("handshakes", 1)} GROUP BY flow_number`,
  answers: `
    SELECT flow_number, min(first_frame) AS answer_first, max(frame) AS answer_last,
      arg_max(${versionName}, frame) AS version, bool_or(supported IS NOT NULL) AS encrypted,
      arg_max(ciphers, frame) AS cipher, arg_max(alpn, frame) AS alpn
    FROM shown WHERE NOT from_client AND ${has("handshakes", 2)} GROUP BY flow_number`,
  begun: "SELECT * FROM hellos FULL JOIN answers USING (flow_number)",
  changed: `
    SELECT flow_number, min(frame) FILTER (from_client) AS client_changed, min(frame) FILTER (NOT from_client) AS server_changed
    FROM shown WHERE ${has("types", 20)} GROUP BY flow_number`,
  flights: `
    SELECT begun.flow_number, min(data.frame) AS flight
    FROM begun JOIN whole AS hello ON hello.frame = hello_last JOIN data ON data.flow_number = begun.flow_number
    WHERE data.from_client AND data.frame > answer_last AND data.stop > hello.seq + hello.tcp_len_bytes + ${alertBytes}
    GROUP BY begun.flow_number`,
  finished: `
    SELECT flow_number, CASE
        WHEN encrypted THEN flight
        WHEN client_changed IS NOT NULL AND server_changed IS NOT NULL THEN greatest(client_changed, server_changed) END AS finish
    FROM begun LEFT JOIN flights USING (flow_number) LEFT JOIN changed USING (flow_number)`,
  warnings: `
    SELECT flow_number, bool_or(contains(lower(levels), 'fatal')) AS fatal,
      string_agg(
        concat(CASE WHEN from_client THEN 'client ' ELSE 'server ' END, lower(levels), ': ', lower(alerts)),
        '; ' ORDER BY frame) AS alerts
    FROM shown WHERE alerts IS NOT NULL GROUP BY flow_number`,
  closings: "SELECT flow_number, max(frame) FILTER (fin OR rst) AS closing FROM whole GROUP BY flow_number",
};

const queryOf = (nothingLost: string) => `
  SELECT first.frame, first.time_ns, flow, client, client_port, server, server_port, sni, version, cipher, alpn_offered, alpn,
    coalesce(hello_retry, false) AS hello_retry,
    CASE
      WHEN finish IS NOT NULL THEN 'complete'
      WHEN fatal THEN 'alert'
      WHEN closing IS NULL THEN 'open'
      WHEN begun.flow_number NOT IN (FROM missing) AND ${nothingLost} THEN 'broken off' END AS outcome,
    ${elapsed("hello.time_ns", "answer.time_ns")} AS server_hello_ns,
    CASE WHEN hello_first IS NOT NULL THEN ${elapsed("first.time_ns", "finishing.time_ns")} END AS handshake_ns, alerts
  FROM begun JOIN conversations USING (flow_number)
    JOIN whole AS first ON first.frame = coalesce(hello_first, answer_first)
    LEFT JOIN whole AS hello ON hello.frame = hello_shown
    LEFT JOIN whole AS answer ON answer.frame = answer_first
    LEFT JOIN finished ON finished.flow_number = begun.flow_number
    LEFT JOIN whole AS finishing ON finishing.frame = finish
    LEFT JOIN warnings ON warnings.flow_number = begun.flow_number
    LEFT JOIN closings ON closings.flow_number = begun.flow_number
  WHERE first.frame IN (SELECT frame FROM own)
  ORDER BY first.frame`;
