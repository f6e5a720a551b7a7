import type { Column, Table } from "../../tables/index.js";
import type { Capture } from "../capture.js";
import { withSegments } from "../segments.js";
import { essentialFields, packetColumns } from "./columns.js";
import { alreadyDissected, dissect } from "./dissect.js";
import { packetSettings } from "./tshark.js";
import type { Wanted } from "./wanted.js";

const made = new WeakMap<Capture, Map<string, Promise<Table>>>();

/**
 * Dissects a capture into a Table of one row per packet, in one pass of tshark; asked again, also in another session, it answers with the
 * same Table, from Parquet files under `$XDG_CACHE_HOME/skbook` that are bound to this very file. TCP is analysed over the whole
 * file; the filter only says which packets to show.
 *
 * A tunnelled packet counts by its innermost addresses and ports; `outer_src` and `outer_dst` have the outermost. An ICMP error
 * that quotes a packet is an ICMP packet: the quoted connection is in `quoted_tcp_stream`, `quoted_udp_stream`. TCP payload is not
 * reassembled, so `protocol` of a segment in the middle of a message is TCP.
 *
 * A column whose field this tshark doesn't have is null in every row, which a note of the provenance says.
 *
 * In a notebook, the first packets are shown while the rest is read.
 *
 * Columns:
 * - `frame` INTEGER: number of the packet in the file, from 1
 * - `time_ns` BIGINT, ns since 1970: when it was captured
 * - `wire_bytes` INTEGER, bytes: length on the wire
 * - `captured_bytes` INTEGER, bytes: length in the file; less where the snap length cut it
 * - `interface` INTEGER: interface number in a pcapng file
 * - `cooked_interface` BIGINT: interface index, in captures on `any`
 * - `cooked_direction` INTEGER: captures on `any`: 0 to this host, 4 sent by it
 * - `protocols` VARCHAR: all layers, outermost first
 * - `protocol` VARCHAR: the highest protocol that tshark knows in it
 * - `eth_src` VARCHAR: source MAC address; outer,inner in a tunnel
 * - `eth_dst` VARCHAR: destination MAC address; outer,inner in a tunnel
 * - `vlan` VARCHAR: ids of its VLAN tags, 802.1ad and 802.1Q, outermost first
 * - `src` VARCHAR: source address; of the innermost IP header
 * - `dst` VARCHAR: destination address; of the innermost IP header
 * - `src_port` INTEGER: source port
 * - `dst_port` INTEGER: destination port
 * - `transport` VARCHAR: tcp, udp, sctp, icmp, icmpv6; null for fragments without its header
 * - `outer_src` VARCHAR: source address of the outermost IP header of a tunnel
 * - `outer_dst` VARCHAR: destination address of the outermost IP header of a tunnel
 * - `tunnel` VARCHAR: vxlan, geneve, gre, ip, ...; null outside tunnels
 * - `tunnel_id` VARCHAR: VNI, key, MPLS labels, TEID or PPPoE session; several are joined by commas
 * - `ip_len_bytes` INTEGER, bytes: length by the innermost IP header, the header itself included; null for jumbograms
 * - `ip_id` INTEGER: identification of an IPv4 header
 * - `ttl` INTEGER: time to live, hop limit
 * - `fragment` BOOLEAN: it is a fragment of an IP packet; null without IP
 * - `fragment_id` BIGINT: identification that the fragments of a packet share; null outside fragments
 * - `fragment_offset_bytes` INTEGER, bytes: where the fragment belongs in its packet; null outside fragments
 * - `more_fragments` BOOLEAN: it isn't the last fragment; null outside fragments
 * - `ip_checksum_status` VARCHAR: of the innermost IPv4 header: good, bad
 * - `checksum` BIGINT: checksum of TCP, UDP, ICMP, SCTP, VRRP, IGMP or OSPF as it stands in the packet
 * - `checksum_status` VARCHAR: good; bad; partial (the sum of the pseudo-header only: its sender's device adds the rest later);
 *   unverified (cut or a fragment); not present (UDP without one)
 * - `tcp_stream` INTEGER: number of the TCP connection in the file
 * - `tcp_flags` VARCHAR: names of the flags that are set: `SYN ACK`
 * - `tcp_seq` BIGINT: sequence number, relative to the connection's first
 * - `tcp_ack` BIGINT: acknowledged number, relative
 * - `tcp_seq_raw` BIGINT: sequence number as sent: for comparing two captures
 * - `tcp_ack_raw` BIGINT: acknowledged number as sent
 * - `tcp_header_bytes` INTEGER, bytes: TCP header with its options
 * - `tcp_len_bytes` INTEGER, bytes: payload
 * - `tcp_window_bytes` INTEGER, bytes: receive window, scaled; as sent where tcp_window_scale is -1
 * - `tcp_window_scale` INTEGER: factor; -1 unknown (no handshake), -2 none
 * - `tcp_mss_bytes` INTEGER, bytes: maximum segment size announced
 * - `tcp_window_shift` INTEGER: window scale announced in a SYN: the window counts 2^shift bytes
 * - `tcp_sack_permitted` BOOLEAN: its SYN allows selective acks; null where the snap length cut its options
 * - `tcp_tsval` BIGINT: timestamp of the sender
 * - `tcp_tsecr` BIGINT: timestamp echoed
 * - `sack_le` VARCHAR: left edges of SACK blocks, relative, joined by commas
 * - `sack_re` VARCHAR: right edges of SACK blocks, relative, joined by commas
 * - `dsack_le` BIGINT: left edge of a D-SACK: this arrived twice
 * - `dsack_re` BIGINT: right edge of a D-SACK
 * - `retransmission` BOOLEAN: sent again; fast and spurious ones are marked too
 * - `fast_retransmission` BOOLEAN: sent again after duplicate acks
 * - `spurious_retransmission` BOOLEAN: sent again although it was acknowledged
 * - `out_of_order` BOOLEAN: arrived after later data, too soon for a retransmission
 * - `lost_segment` BOOLEAN: data before it is not in the capture
 * - `ack_lost_segment` BOOLEAN: acknowledges data that is not in the capture: the capture lost packets
 * - `duplicate_ack` INTEGER: how many times the same ack came again
 * - `zero_window` BOOLEAN: the sender's receive buffer is full
 * - `window_full` BOOLEAN: fills the receiver's window
 * - `keep_alive` BOOLEAN: keep-alive; Linux probes a zero window with it too
 * - `zero_window_probe` BOOLEAN: one byte, to ask whether the window has opened
 * - `reused_ports` BOOLEAN: a new connection on the ports of an earlier one
 * - `ack_rtt_ns` BIGINT, ns: from the data to this ack, at the point of capture; with delayed acks
 * - `initial_rtt_ns` BIGINT, ns: SYN to the handshake's ACK: the whole path
 * - `rto_ns` BIGINT, ns: time since the segment that this one repeats
 * - `in_flight_bytes` BIGINT, bytes: sent and not yet acknowledged, with this packet
 * - `udp_stream` INTEGER: number of the UDP conversation in the file
 * - `udp_len_bytes` INTEGER, bytes: payload, by the UDP header
 * - `sequence_of` VARCHAR: whose sequence number it has: rtp, esp or gre
 * - `sequence` BIGINT: sequence number of RTP, ESP or GRE
 * - `sequence_id` VARCHAR: what is numbered: SSRC, SPI or key
 * - `icmp_type` INTEGER: ICMP or ICMPv6 type
 * - `icmp_code` INTEGER: ICMP or ICMPv6 code
 * - `icmp_id` INTEGER: identifier of an echo
 * - `icmp_seq` INTEGER: sequence number of an echo
 * - `icmp_rtt_ns` BIGINT, ns: from the echo request to this reply
 * - `icmp_mtu_bytes` BIGINT, bytes: MTU of the next hop, in a packet-too-big error; null where it isn't said (RFC 1191, 5)
 * - `quoted_src` VARCHAR: source address of the packet that an ICMP error quotes
 * - `quoted_dst` VARCHAR: its destination address
 * - `quoted_transport` VARCHAR: its transport
 * - `quoted_src_port` INTEGER: its source port
 * - `quoted_dst_port` INTEGER: its destination port
 * - `quoted_tcp_stream` INTEGER: its TCP connection
 * - `quoted_udp_stream` INTEGER: its UDP conversation
 * - `quoted_icmp_id` INTEGER: identifier of the echo that it is
 * - `quoted_icmp_seq` INTEGER: sequence number of the echo that it is
 * - `dns_id` INTEGER: DNS transaction; of the first message
 * - `dns_name` VARCHAR: names asked for, joined by commas
 * - `dns_type` INTEGER: record type asked for: 1 A, 28 AAAA, 12 PTR, ...
 * - `dns_rcode` INTEGER: DNS response code, with the upper bits that EDNS gives (16 BADVERS, 23 BADCOOKIE); null in queries
 * - `dns_ids` VARCHAR: transactions of several messages, joined by commas
 * - `dns_types` VARCHAR: record types of several questions, joined by commas
 * - `dns_rcodes` VARCHAR: lower four bits of the codes of several responses, joined by commas
 * - `dns_rtt_ns` BIGINT, ns: from the query to this response
 * - `dhcp_type` INTEGER: DHCP: 1 discover, 2 offer, 3 request, 5 ack, ...; DHCPv6 has its own numbers, of what a relay carries
 * - `dhcp_enclosed` BOOLEAN: DHCPv6: inside a relay's message; null without DHCP
 * - `dhcp_id` VARCHAR: DHCP transaction
 * - `dhcp_client` VARCHAR: DHCP: MAC address that the message names as the client's; DHCPv6 inside a relay's message: address of
 *   the client
 * - `dhcp_status` VARCHAR: status codes of DHCPv6, joined by commas: 0 success
 * - `dhcp_lease_seconds` VARCHAR, s: how long addresses and prefixes are given for, joined by commas
 * - `comment` VARCHAR: comment in a pcapng file
 *
 * @param options.filter display filter of Wireshark, e.g. `tcp.port == 443`. Default: all packets.
 * @returns a Table; `.schema` says what each column means, in which unit.
 * @throws SkbookError `BAD_FILTER` with tshark's message, `FIELD_UNKNOWN` where tshark is too old or too new, `FILE_CHANGED`,
 *   `TSHARK_MISSING`, `TSHARK_FAILED`, `TSHARK_OUTPUT` for lines that aren't tshark's, `READ_FAILED`, `WRITE_FAILED`, `INTERRUPTED`; of a
 *   capture on another host the host's own; in a replay `NOT_RECORDED`.
 */
export function packets(capture: Capture, options: { filter?: string } = {}): Promise<Table> {
  const filter = options.filter?.trim() ?? "";
  const tables = made.get(capture) ?? new Map<string, Promise<Table>>();
  made.set(capture, tables);
  const known = tables.get(filter);
  if (known !== undefined) return known;
  const table = dissect(capture, wanted(filter)).then((packets) =>
    withSegments(packets, capture, { filter }),
  );
  tables.set(filter, table);
  table.catch(() => tables.delete(filter));
  return table;
}

/** Nobody asks a few columns whether checksums are right, and summing all bytes up takes a tenth of the time. */
const unchecked = packetSettings.map((setting) =>
  setting.replace("check_checksum:TRUE", "check_checksum:FALSE"),
);

/** Above this, a look at a few columns is much faster than at all. */
const fewPackets = 100_000;

/**
 * The packet Table as far as some columns go: the whole one where it is at hand or the capture is small, else one with these columns
 * only, which takes a fraction of the time.
 *
 * @param names of the columns.
 */
export async function packetColumnsOf(capture: Capture, names: readonly string[]): Promise<Table> {
  const whole = made.get(capture)?.get("");
  if (whole !== undefined || capture.facts.packets <= fewPackets) return packets(capture);
  const kept = await alreadyDissected(capture, wanted(""));
  if (kept !== null) return packets(capture);
  const columns = packetColumns.filter(({ column }) => names.includes(column.name));
  return dissect(capture, { ...wanted(""), name: "overview", columns, settings: unchecked, analysed: false });
}

/** The columns of every packet Table. */
export function columnsOfPackets(): readonly Column[] {
  return packetColumns.map(({ column }) => column);
}

function wanted(filter: string): Wanted {
  return {
    name: "packets",
    columns: packetColumns,
    filter,
    settings: packetSettings,
    essential: essentialFields,
    analysed: true,
  };
}
