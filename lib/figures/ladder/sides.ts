import { packetKinds } from "../flow/index.js";
import type { PacketsWithSegments } from "../segments.js";

/** The packets of one capture: the name of their relation, and the SQL of them. */
interface Side {
  name: string;
  sql: string;
}

/** Which of the fields that tell packets apart both captures have. */
export interface Identity {
  /** Acknowledged numbers, absolute: known where both directions were captured. */
  ack: boolean;
  /** Identifications of IPv4: some devices on the way write them anew. */
  ipId: boolean;
}

const modulus = 2 ** 32;
const kinds = packetKinds.map(({ when }, i) => `WHEN ${when} THEN ${i}`).join(" ");

/** What an arrow says of its packet. */
const text = `
  CASE
    WHEN about IS NOT NULL THEN concat('ICMP error ', icmp_type, '/', icmp_code, ' from ', src)
    WHEN transport = 'tcp' THEN concat_ws(' · ', tcp_flags, 'seq ' || tcp_seq, CASE WHEN contains(tcp_flags, 'ACK') THEN 'ack ' || tcp_ack END,
      CASE WHEN tcp_len_bytes > 0 THEN 'len ' || tcp_len_bytes END, CASE WHEN zero_window THEN 'zero window' END,
      CASE WHEN retransmission THEN 'sent again' END)
    WHEN dns_id IS NOT NULL THEN concat_ws(' ', 'DNS', CASE WHEN dns_rcode IS NULL THEN 'query' ELSE 'response' END, dns_name)
    WHEN icmp_type IN (8, 128) THEN concat('echo request ', icmp_seq)
    WHEN icmp_type IN (0, 129) THEN concat('echo reply ', icmp_seq)
    WHEN transport = 'udp' THEN concat('UDP · len ', udp_len_bytes)
    ELSE concat(coalesce(protocol, 'packet'), ' · ', wire_bytes, ' bytes')
  END`;

/**
 * Packets of one capture as relation `<name>_packets`: who sent them (an ICMP error about them: whom it tells), what their arrows say, and
 * `identity`: what stays the same on the way, with how often it came before.
 */
export function sideSql({ name, sql }: Side, { ack, ipId }: Identity): string {
  const same = [
    ...[
      "side",
      "transport",
      "tcp_seq_raw",
      "tcp_len_bytes",
      "tcp_flags",
      "tcp_tsval",
      "udp_len_bytes",
      "sequence",
    ],
    ...["dns_id", "icmp_type", "icmp_code", "icmp_id", "icmp_seq", "quoted_src_port"],
    ...(ack ? [`(tcp_ack + base) % ${modulus}`] : []),
    ...(ipId ? ["ip_id"] : []),
  ].map((column) => `coalesce(CAST(${column} AS VARCHAR), '-')`);
  return `
    ${name}_own AS (
      SELECT *, CASE WHEN about IS NULL THEN sender
        WHEN dst = (SELECT any_value(CASE sender WHEN 'client' THEN src ELSE dst END) FROM ${name} WHERE about IS NULL) THEN 'to client'
        ELSE 'to server' END AS side
      FROM ${sql} WHERE NOT copy AND flow IS NOT NULL
    ), ${name}_bases AS (
      SELECT CASE sender WHEN 'client' THEN 'server' ELSE 'client' END AS side,
        any_value((tcp_seq_raw - tcp_seq + ${modulus}) % ${modulus}) AS base
      FROM ${name}_own WHERE transport = 'tcp' AND about IS NULL GROUP BY sender
    ), ${name}_told AS (
      SELECT frame, time_ns, side, ttl, tcp_seq_raw AS seq, tcp_len_bytes AS bytes, CASE ${kinds} END AS kind, ${text} AS text,
        concat_ws('|', ${same.join(", ")}) AS identity
      FROM ${name}_own LEFT JOIN ${name}_bases USING (side)
    ), ${name}_packets AS (
      SELECT *, row_number() OVER (PARTITION BY identity ORDER BY frame) AS number FROM ${name}_told
    )`;
}

/** WITH and the packets of two captures beside each other as `met`: the n-th of the same identity with the n-th; null where one lacks it. */
export function metSql(
  { here, other }: { here: PacketsWithSegments; other: PacketsWithSegments },
  identity: Identity,
): string {
  return `
    WITH ${sideSql({ name: "here", sql: here.sql }, identity)}, ${sideSql({ name: "other", sql: other.sql }, identity)},
    met AS (
      SELECT coalesce(here.side, other.side) AS side, coalesce(here.kind, other.kind) AS kind, coalesce(here.text, other.text) AS text,
        here.frame AS here_frame, here.time_ns AS here_ns, here.ttl AS here_ttl,
        other.frame AS other_frame, other.time_ns AS other_ns, other.ttl AS other_ttl,
        coalesce(here.seq, other.seq) AS seq, coalesce(here.bytes, other.bytes) AS bytes
      FROM here_packets here FULL JOIN other_packets other USING (identity, number)
    )`;
}
