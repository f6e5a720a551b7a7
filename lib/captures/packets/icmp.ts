import { addresses, ports, streams } from "./ends.js";
import { field } from "./fields.js";
import { column, type PacketColumn } from "./readers.js";
import type { Row } from "./row.js";

type Fields = Record<4 | 6, number>;

const type: Fields = { 4: field("icmp.type"), 6: field("icmpv6.type") };
const code: Fields = { 4: field("icmp.code"), 6: field("icmpv6.code") };
const time: Fields = { 4: field("icmp.resptime"), 6: field("icmpv6.resptime") };
const id: Fields = { 4: field("icmp.ident"), 6: field("icmpv6.echo.identifier") };
const sequence: Fields = { 4: field("icmp.seq"), 6: field("icmpv6.echo.sequence_number") };
const mtu: Fields = { 4: field("icmp.mtu"), 6: field("icmpv6.mtu") };
const both = (fields: Fields) => [fields[4], fields[6]];

/** ICMP and ICMPv6, and the packet that an error quotes. */
export const icmpColumns: PacketColumn[] = [
  column(["icmp_type", null, "ICMP or ICMPv6 type"], "INTEGER", both(type), (row) => icmp(row, type)),
  column(["icmp_code", null, "ICMP or ICMPv6 code"], "INTEGER", both(code), (row) => icmp(row, code)),
  column(["icmp_id", null, "identifier of an echo"], "INTEGER", both(id), (row) => echo(row, id)),
  column(["icmp_seq", null, "sequence number of an echo"], "INTEGER", both(sequence), (row) =>
    echo(row, sequence),
  ),
  column(["icmp_rtt_ns", "ns", "from the echo request to this reply"], "BIGINT", both(time), (row) =>
    row.scaled(row.layers.transport === "icmp" ? time[4] : time[6], 6),
  ),
  column(
    [
      "icmp_mtu_bytes",
      "bytes",
      "MTU of the next hop, in a packet-too-big error; null where it isn't said (RFC 1191, 5)",
    ],
    "BIGINT",
    both(mtu),
    (row) => icmp(row, mtu) || null,
  ),
  column(
    ["quoted_src", null, "source address of the packet that an ICMP error quotes"],
    "VARCHAR",
    [addresses[4].src, addresses[6].src],
    (row) => quotedAddress(row, "src"),
  ),
  column(
    ["quoted_dst", null, "its destination address"],
    "VARCHAR",
    [addresses[4].dst, addresses[6].dst],
    (row) => quotedAddress(row, "dst"),
  ),
  column(
    ["quoted_transport", null, "its transport"],
    "VARCHAR",
    [],
    (row) => row.layers.quoted?.transport ?? null,
  ),
  column(["quoted_src_port", null, "its source port"], "INTEGER", [ports.tcp.src, ports.udp.src], (row) =>
    quotedPort(row, "src"),
  ),
  column(
    ["quoted_dst_port", null, "its destination port"],
    "INTEGER",
    [ports.tcp.dst, ports.udp.dst],
    (row) => quotedPort(row, "dst"),
  ),
  column(["quoted_tcp_stream", null, "its TCP connection"], "INTEGER", [streams.tcp], (row) =>
    quotedStream(row, "tcp"),
  ),
  column(["quoted_udp_stream", null, "its UDP conversation"], "INTEGER", [streams.udp], (row) =>
    quotedStream(row, "udp"),
  ),
  column(["quoted_icmp_id", null, "identifier of the echo that it is"], "INTEGER", both(id), (row) =>
    quotedEcho(row, id),
  ),
  column(
    ["quoted_icmp_seq", null, "sequence number of the echo that it is"],
    "INTEGER",
    both(sequence),
    (row) => quotedEcho(row, sequence),
  ),
];

function icmp(row: Row, fields: Fields): number | null {
  if (row.layers.transport === "icmp") return row.integer(fields[4]);
  return row.layers.transport === "icmpv6" ? row.integer(fields[6]) : null;
}

/** An error has no identifier of its own: its first one is the quoted packet's. */
function echo(row: Row, fields: Fields): number | null {
  return row.layers.quoted === null ? icmp(row, fields) : null;
}

function quotedEcho(row: Row, fields: Fields): number | null {
  const transport = row.layers.quoted?.transport;
  return transport === "icmp" || transport === "icmpv6" ? icmp(row, fields) : null;
}

function quotedAddress(row: Row, end: "src" | "dst"): string | null {
  const { quoted } = row.layers;
  return quoted === null ? null : row.textAt(addresses[quoted.ip.version][end], quoted.ip.at);
}

function quotedPort(row: Row, end: "src" | "dst"): number | null {
  const { quoted } = row.layers;
  if (quoted?.transport !== "tcp" && quoted?.transport !== "udp") return null;
  return row.integer(ports[quoted.transport][end], quoted.transportAt);
}

function quotedStream(row: Row, transport: "tcp" | "udp"): number | null {
  const { quoted } = row.layers;
  return quoted?.transport === transport ? row.integer(streams[transport], quoted.transportAt) : null;
}
