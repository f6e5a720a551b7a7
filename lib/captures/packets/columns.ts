import { unixNanoseconds } from "../../tables/index.js";
import { checksumColumns } from "./checksums.js";
import { dhcpColumns } from "./dhcp.js";
import { dnsColumns } from "./dns.js";
import { ports, streams } from "./ends.js";
import { field } from "./fields.js";
import { fragmentColumns } from "./fragments.js";
import { icmpColumns } from "./icmp.js";
import {
  address,
  column,
  integer,
  ipInteger,
  type PacketColumn,
  tcp,
  tcpMark,
  tcpTime,
  text,
} from "./readers.js";
import type { Row } from "./row.js";
import { sequenceColumns } from "./sequences.js";
import { vlanColumn } from "./vlan.js";

export const protocolsField = field("frame.protocols");
const time = field("frame.time_epoch");
const tcpFlags = field("tcp.flags");
/** What tells tenants of one network from each other; where one lies in another, in this order. */
const tunnelId = "vxlan.vni||geneve.vni||gre.key||mpls.label||gtp.teid||pppoe.session_id";
const udpLength = field("udp.length");
const sackPermitted = field("tcp.options.sack_perm");
const wire = field("frame.len");
const captured = field("frame.cap_len");
const tcpLength = field("tcp.len");
const ipLength = { 4: field("ip.len"), 6: field("ipv6.plen") };

/** Without these a row says neither what a packet is nor whose. */
export const essentialFields: ReadonlySet<string> = new Set([
  ...["frame.number", "frame.protocols", "frame.time_epoch", "frame.len", "frame.cap_len"],
  ...["ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport"],
  ...["tcp.stream", "udp.stream", "tcp.flags", "tcp.seq", "tcp.ack", "tcp.len"],
]);

/** The columns of the packet Table, in order. */
export const packetColumns: PacketColumn[] = [
  integer(["frame", null, "number of the packet in the file, from 1"], "frame.number"),
  column(["time_ns", unixNanoseconds, "when it was captured"], "BIGINT", [time], (row) => row.instant(time)),
  integer(["wire_bytes", "bytes", "length on the wire"], "frame.len"),
  integer(
    ["captured_bytes", "bytes", "length in the file; less where the snap length cut it"],
    "frame.cap_len",
  ),
  integer(["interface", null, "interface number in a pcapng file"], "frame.interface_id"),
  integer(["cooked_interface", null, "interface index, in captures on `any`"], "sll.ifindex", "BIGINT"),
  integer(["cooked_direction", null, "captures on `any`: 0 to this host, 4 sent by it"], "sll.pkttype"),
  text(["protocols", null, "all layers, outermost first"], "frame.protocols"),
  text(["protocol", null, "the highest protocol that tshark knows in it"], "%p"),
  text(["eth_src", null, "source MAC address; outer,inner in a tunnel"], "eth.src"),
  text(["eth_dst", null, "destination MAC address; outer,inner in a tunnel"], "eth.dst"),
  vlanColumn,
  address(["src", null, "source address; of the innermost IP header"], "src", ({ inner }) => inner),
  address(["dst", null, "destination address; of the innermost IP header"], "dst", ({ inner }) => inner),
  column(["src_port", null, "source port"], "INTEGER", [ports.tcp.src, ports.udp.src], (row) =>
    port(row, "src"),
  ),
  column(["dst_port", null, "destination port"], "INTEGER", [ports.tcp.dst, ports.udp.dst], (row) =>
    port(row, "dst"),
  ),
  column(
    ["transport", null, "tcp, udp, sctp, icmp, icmpv6; null for fragments without its header"],
    "VARCHAR",
    [],
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
    [],
    (row) => row.layers.tunnel,
  ),
  text(
    ["tunnel_id", null, "VNI, key, MPLS labels, TEID or PPPoE session; several are joined by commas"],
    tunnelId,
  ),
  column(
    [
      "ip_len_bytes",
      "bytes",
      "length by the innermost IP header, the header itself included; null for jumbograms",
    ],
    "INTEGER",
    [ipLength[4], ipLength[6]],
    (row) => ipBytes(row),
  ),
  ipInteger(["ip_id", null, "identification of an IPv4 header"], "ip.id", null),
  ipInteger(["ttl", null, "time to live, hop limit"], "ip.ttl", "ipv6.hlim"),
  ...fragmentColumns,
  ...checksumColumns,
  tcp(["tcp_stream", null, "number of the TCP connection in the file"], "INTEGER", "tcp.stream"),
  column(["tcp_flags", null, "names of the flags that are set: `SYN ACK`"], "VARCHAR", [tcpFlags], (row) =>
    row.layers.transport === "tcp" ? flagNames(row.integer(tcpFlags, row.layers.transportAt)) : null,
  ),
  tcp(["tcp_seq", null, "sequence number, relative to the connection's first"], "BIGINT", "tcp.seq"),
  tcp(["tcp_ack", null, "acknowledged number, relative"], "BIGINT", "tcp.ack"),
  tcp(["tcp_seq_raw", null, "sequence number as sent: for comparing two captures"], "BIGINT", "tcp.seq_raw"),
  tcp(["tcp_ack_raw", null, "acknowledged number as sent"], "BIGINT", "tcp.ack_raw"),
  tcp(["tcp_header_bytes", "bytes", "TCP header with its options"], "INTEGER", "tcp.hdr_len"),
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
  tcp(
    ["tcp_window_shift", null, "window scale announced in a SYN: the window counts 2^shift bytes"],
    "INTEGER",
    "tcp.options.wscale.shift",
  ),
  column(
    ["tcp_sack_permitted", null, "its SYN allows selective acks; null where the snap length cut its options"],
    "BOOLEAN",
    [sackPermitted, captured, wire, tcpLength],
    (row) =>
      row.layers.transport !== "tcp" ? null : row.has(sackPermitted) ? true : headerCut(row) ? null : false,
  ),
  tcp(["tcp_tsval", null, "timestamp of the sender"], "BIGINT", "tcp.options.timestamp.tsval"),
  tcp(["tcp_tsecr", null, "timestamp echoed"], "BIGINT", "tcp.options.timestamp.tsecr"),
  text(["sack_le", null, "left edges of SACK blocks, relative, joined by commas"], "tcp.options.sack_le"),
  text(["sack_re", null, "right edges of SACK blocks, relative, joined by commas"], "tcp.options.sack_re"),
  tcp(["dsack_le", null, "left edge of a D-SACK: this arrived twice"], "BIGINT", "tcp.options.sack.dsack_le"),
  tcp(["dsack_re", null, "right edge of a D-SACK"], "BIGINT", "tcp.options.sack.dsack_re"),
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
  tcpMark("zero_window_probe", "one byte, to ask whether the window has opened"),
  tcpMark("reused_ports", "a new connection on the ports of an earlier one"),
  tcpTime(
    ["ack_rtt_ns", "ns", "from the data to this ack, at the point of capture; with delayed acks"],
    "tcp.analysis.ack_rtt",
  ),
  tcpTime(["initial_rtt_ns", "ns", "SYN to the handshake's ACK: the whole path"], "tcp.analysis.initial_rtt"),
  tcpTime(["rto_ns", "ns", "time since the segment that this one repeats"], "tcp.analysis.rto"),
  tcp(
    ["in_flight_bytes", "bytes", "sent and not yet acknowledged, with this packet"],
    "BIGINT",
    "tcp.analysis.bytes_in_flight",
  ),
  column(
    ["udp_stream", null, "number of the UDP conversation in the file"],
    "INTEGER",
    [streams.udp],
    (row) => (row.layers.transport === "udp" ? row.integer(streams.udp, row.layers.transportAt) : null),
  ),
  column(["udp_len_bytes", "bytes", "payload, by the UDP header"], "INTEGER", [udpLength], (row) => {
    const length = row.layers.transport === "udp" ? row.integer(udpLength, row.layers.transportAt) : null;
    return length === null || length < 8 ? null : length - 8;
  }),
  ...sequenceColumns,
  ...icmpColumns,
  ...dnsColumns,
  ...dhcpColumns,
  text(["comment", null, "comment in a pcapng file"], "frame.comment"),
];

function port(row: Row, end: "src" | "dst"): number | null {
  const { transport, transportAt } = row.layers;
  if (transport !== "tcp" && transport !== "udp") return null;
  return row.integer(ports[transport][end], transportAt);
}

const ipv6HeaderBytes = 40;

function ipBytes(row: Row): number | null {
  const { inner } = row.layers;
  if (inner === null) return null;
  const length = row.integer(ipLength[inner.version], inner.at);
  if (length === null || length === 0) return null;
  return inner.version === 4 ? length : length + ipv6HeaderBytes;
}

/** The snap length cut the packet before its TCP payload begins: options that aren't there say nothing. */
function headerCut(row: Row): boolean {
  const onWire = row.integer(wire) ?? 0;
  const inFile = row.integer(captured) ?? 0;
  return inFile < onWire && inFile < onWire - (row.integer(tcpLength, row.layers.transportAt) ?? 0);
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
