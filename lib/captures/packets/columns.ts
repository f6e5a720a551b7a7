import { unixNanoseconds } from "../../tables/index.js";
import {
  address,
  column,
  field,
  integer,
  ipInteger,
  type PacketColumn,
  tcp,
  tcpMark,
  tcpTime,
  text,
} from "./readers.js";
import type { Row } from "./row.js";

export const protocolsField = field("frame.protocols");
const time = field("frame.time_epoch");
const ports = {
  tcp: { src: field("tcp.srcport"), dst: field("tcp.dstport") },
  udp: { src: field("udp.srcport"), dst: field("udp.dstport") },
};
const tcpFlags = field("tcp.flags");
const streams = { tcp: field("tcp.stream"), udp: field("udp.stream") };
const tunnelIds = ["vxlan.vni", "geneve.vni", "gre.key"].map(field);
const moreFragments = field("ip.flags.mf");
const fragmentOffset = field("ip.frag_offset");
const fragmentV6 = field("ipv6.fraghdr.offset");
const icmpType = { 4: field("icmp.type"), 6: field("icmpv6.type") };
const icmpCode = { 4: field("icmp.code"), 6: field("icmpv6.code") };
const icmpTime = { 4: field("icmp.resptime"), 6: field("icmpv6.resptime") };
const icmpId = { 4: field("icmp.ident"), 6: field("icmpv6.echo.identifier") };
const icmpSequence = { 4: field("icmp.seq"), 6: field("icmpv6.echo.sequence_number") };
const mtu = { 4: field("icmp.mtu"), 6: field("icmpv6.mtu") };
const dnsTime = field("dns.time");

/** The columns of the packet Table, in order. */
export const packetColumns: PacketColumn[] = [
  integer(["frame", null, "number of the packet in the file, from 1"], "frame.number"),
  column(["time_ns", unixNanoseconds, "when it was captured"], "BIGINT", (row) => row.scaled(time, 9)),
  integer(["wire_bytes", "bytes", "length on the wire"], "frame.len"),
  integer(
    ["captured_bytes", "bytes", "length in the file; less where the snap length cut it"],
    "frame.cap_len",
  ),
  integer(["interface", null, "interface number in a pcapng file"], "frame.interface_id"),
  integer(["cooked_interface", null, "interface index, in captures on `any`"], "sll.ifindex"),
  integer(["cooked_direction", null, "captures on `any`: 0 to this host, 4 sent by it"], "sll.pkttype"),
  text(["protocols", null, "all layers, outermost first"], "frame.protocols"),
  text(["protocol", null, "the highest protocol that tshark knows in it"], "%p"),
  text(["eth_src", null, "source MAC address; outer,inner in a tunnel"], "eth.src"),
  text(["eth_dst", null, "destination MAC address; outer,inner in a tunnel"], "eth.dst"),
  text(["vlan", null, "VLAN ids, outermost first"], "vlan.id"),
  address(["src", null, "source address; of the innermost IP header"], "src", ({ inner }) => inner),
  address(["dst", null, "destination address; of the innermost IP header"], "dst", ({ inner }) => inner),
  column(["src_port", null, "source port"], "INTEGER", (row) => port(row, "src")),
  column(["dst_port", null, "destination port"], "INTEGER", (row) => port(row, "dst")),
  column(
    ["transport", null, "tcp, udp, sctp, icmp, icmpv6; null for fragments without its header"],
    "VARCHAR",
    (row) => row.layers.transport,
  ),
  address(
    ["outer_src", null, "source address of the outermost IP header of a tunnel"],
    "src",
    ({ outer }) => outer,
  ),
  address(
    ["outer_dst", null, "destination address of the outermost IP header of a tunnel"],
    "dst",
    ({ outer }) => outer,
  ),
  column(
    ["tunnel", null, "vxlan, geneve, gre, ip, ...; null outside tunnels"],
    "VARCHAR",
    (row) => row.layers.tunnel,
  ),
  column(["tunnel_id", null, "VNI or key"], "VARCHAR", (row) => firstText(row, tunnelIds)),
  ipInteger(["ip_id", null, "identification of an IPv4 header"], "ip.id", null),
  ipInteger(["ttl", null, "time to live, hop limit"], "ip.ttl", "ipv6.hlim"),
  column(["fragment", null, "it is a fragment of an IP packet; null without IP"], "BOOLEAN", isFragment),
  tcp(["tcp_stream", null, "number of the TCP connection in the file"], "INTEGER", "tcp.stream"),
  column(["tcp_flags", null, "names of the flags that are set: `SYN ACK`"], "VARCHAR", (row) =>
    row.layers.transport === "tcp" ? flagNames(row.integer(tcpFlags, row.layers.transportAt)) : null,
  ),
  tcp(["tcp_seq", null, "sequence number, relative to the connection's first"], "BIGINT", "tcp.seq"),
  tcp(["tcp_ack", null, "acknowledged number, relative"], "BIGINT", "tcp.ack"),
  tcp(["tcp_seq_raw", null, "sequence number as sent: for comparing two captures"], "BIGINT", "tcp.seq_raw"),
  tcp(["tcp_len_bytes", "bytes", "payload"], "INTEGER", "tcp.len"),
  tcp(
    ["tcp_window_bytes", "bytes", "receive window, scaled; as sent where tcp_window_scale is -1"],
    "INTEGER",
    "tcp.window_size",
  ),
  tcp(
    ["tcp_window_scale", null, "factor; -1 unknown (no handshake), -2 none"],
    "INTEGER",
    "tcp.window_size_scalefactor",
  ),
  tcp(["tcp_mss_bytes", "bytes", "maximum segment size announced"], "INTEGER", "tcp.options.mss_val"),
  tcp(["tcp_tsval", null, "timestamp of the sender"], "BIGINT", "tcp.options.timestamp.tsval"),
  tcp(["tcp_tsecr", null, "timestamp echoed"], "BIGINT", "tcp.options.timestamp.tsecr"),
  text(["sack_le", null, "left edges of SACK blocks, relative, joined by commas"], "tcp.options.sack_le"),
  text(["sack_re", null, "right edges of SACK blocks, relative, joined by commas"], "tcp.options.sack_re"),
  tcp(["dsack_le", null, "left edge of a D-SACK: this arrived twice"], "BIGINT", "tcp.options.sack.dsack_le"),
  tcpMark("retransmission", "sent again; fast and spurious ones are marked too"),
  tcpMark("fast_retransmission", "sent again after duplicate acks"),
  tcpMark("spurious_retransmission", "sent again although it was acknowledged"),
  tcpMark("out_of_order", "arrived after later data, too soon for a retransmission"),
  tcpMark("lost_segment", "data before it is not in the capture"),
  tcpMark("ack_lost_segment", "acknowledges data that is not in the capture: the capture lost packets"),
  tcp(
    ["duplicate_ack", null, "how many times the same ack came again"],
    "INTEGER",
    "tcp.analysis.duplicate_ack_num",
  ),
  tcpMark("zero_window", "the sender's receive buffer is full"),
  tcpMark("window_full", "fills the receiver's window"),
  tcpMark("keep_alive", "keep-alive; Linux probes a zero window with it too"),
  tcpMark("reused_ports", "a new connection on the ports of an earlier one"),
  tcpTime(
    ["ack_rtt_ns", "ns", "from the data to this ack, at the point of capture; with delayed acks"],
    "tcp.analysis.ack_rtt",
  ),
  tcpTime(["initial_rtt_ns", "ns", "SYN to the handshake's ACK: the whole path"], "tcp.analysis.initial_rtt"),
  tcpTime(["rto_ns", "ns", "time since the segment that this one repeats"], "tcp.analysis.rto"),
  tcp(
    ["in_flight_bytes", "bytes", "sent and not yet acknowledged, with this packet"],
    "INTEGER",
    "tcp.analysis.bytes_in_flight",
  ),
  column(["udp_stream", null, "number of the UDP conversation in the file"], "INTEGER", (row) =>
    row.layers.transport === "udp" ? row.integer(streams.udp, row.layers.transportAt) : null,
  ),
  column(["icmp_type", null, "ICMP or ICMPv6 type"], "INTEGER", (row) => icmp(row, icmpType)),
  column(["icmp_code", null, "ICMP or ICMPv6 code"], "INTEGER", (row) => icmp(row, icmpCode)),
  column(["icmp_id", null, "identifier of an echo"], "INTEGER", (row) => icmp(row, icmpId)),
  column(["icmp_seq", null, "sequence number of an echo"], "INTEGER", (row) => icmp(row, icmpSequence)),
  column(["icmp_rtt_ns", "ns", "from the echo request to this reply"], "BIGINT", (row) =>
    row.scaled(row.layers.transport === "icmp" ? icmpTime[4] : icmpTime[6], 6),
  ),
  column(["icmp_mtu_bytes", "bytes", "MTU of the next hop, in a packet-too-big error"], "INTEGER", (row) =>
    icmp(row, mtu),
  ),
  column(
    ["quoted_tcp_stream", null, "TCP connection of the packet that an ICMP error quotes"],
    "INTEGER",
    (row) => (row.layers.quotes ? row.integer(streams.tcp, Number.MAX_SAFE_INTEGER) : null),
  ),
  column(
    ["quoted_udp_stream", null, "UDP conversation of the packet that an ICMP error quotes"],
    "INTEGER",
    (row) => (row.layers.quotes ? row.integer(streams.udp, Number.MAX_SAFE_INTEGER) : null),
  ),
  integer(["dns_id", null, "DNS transaction"], "dns.id"),
  text(["dns_name", null, "names asked for, joined by commas"], "dns.qry.name"),
  integer(["dns_rcode", null, "DNS response code; null in queries"], "dns.flags.rcode"),
  column(["dns_rtt_ns", "ns", "from the query to this response"], "BIGINT", (row) => row.scaled(dnsTime, 9)),
  text(["comment", null, "comment in a pcapng file"], "frame.comment"),
];

function port(row: Row, end: "src" | "dst"): number | null {
  const { transport, transportAt } = row.layers;
  if (transport !== "tcp" && transport !== "udp") return null;
  return row.integer(ports[transport][end], transportAt);
}

function firstText(row: Row, candidates: readonly number[]): string | null {
  const found = candidates.find((candidate) => row.has(candidate));
  return found === undefined ? null : row.text(found);
}

function isFragment(row: Row): boolean | null {
  const { inner } = row.layers;
  if (inner === null) return null;
  if (inner.version === 6) return row.has(fragmentV6);
  return row.integer(moreFragments, inner.at) === 1 || (row.integer(fragmentOffset, inner.at) ?? 0) > 0;
}

function icmp(row: Row, fields: Record<4 | 6, number>): number | null {
  if (row.layers.transport === "icmp") return row.integer(fields[4]);
  return row.layers.transport === "icmpv6" ? row.integer(fields[6]) : null;
}

const flags = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"];
const named = new Map<number, string>();

function flagNames(bits: number | null): string | null {
  if (bits === null) return null;
  let names = named.get(bits);
  if (names === undefined) {
    names = flags.filter((_, bit) => bits & (1 << bit)).join(" ");
    named.set(bits, names);
  }
  return names;
}
