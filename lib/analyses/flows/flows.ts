import type { Capture, TrafficFilter } from "../../captures/index.js";
import type { Frame } from "../../tables/index.js";
import { sequencesOf } from "../tcp/index.js";
import { flowColumns } from "./columns.js";
import { flowsSql } from "./sql.js";

/**
 * The flows of a capture, one row each: TCP connections (a reused port pair is a new one), UDP conversations, ICMP echoes by
 * identifier, anything else by address pair. Client is who sent the SYN; without it, `direction_by` says what was assumed.
 * Packets without transport header (later fragments) are in no flow; an ICMP error is a flow of its own, not the one it quotes.
 * Everything that the capture holds is counted, copies of packets too: `copies` says how many those are.
 *
 * Columns:
 * - `flow` VARCHAR: its id in every analysis of the capture
 * - `transport` VARCHAR: tcp, udp, icmp, icmpv6, sctp, ...
 * - `stream` INTEGER: tcp_stream or udp_stream of the packet Table
 * - `client` VARCHAR: address that opened the flow; see direction_by
 * - `client_port` INTEGER: its port
 * - `server` VARCHAR: the other address
 * - `server_port` INTEGER: its port
 * - `direction_by` VARCHAR: what told client from server; only SYN and echo are certain
 * - `tunnel` VARCHAR: what encapsulated its first packet
 * - `tunnel_id` VARCHAR: VNI, key, labels or session of its first packet
 * - `client_outer` VARCHAR: tunnel end on the client's side, at its first packet
 * - `server_outer` VARCHAR: tunnel end on the server's side, at its first packet
 * - `vlan` VARCHAR: VLAN ids of its first packet, outermost first
 * - `start_ns` BIGINT, ns since 1970: its first packet
 * - `duration_ns` BIGINT, ns: from its first packet to its last
 * - `client_packets` BIGINT, packets: sent by the client
 * - `server_packets` BIGINT, packets: sent by the server
 * - `client_wire_bytes` BIGINT, bytes: sent by the client, all headers included
 * - `server_wire_bytes` BIGINT, bytes: sent by the server, all headers included
 * - `client_payload_bytes` BIGINT, bytes: payload of TCP or UDP that the client sent
 * - `server_payload_bytes` BIGINT, bytes: payload of TCP or UDP that the server sent
 * - `client_resent_bytes` BIGINT, bytes: TCP payload that the client sent again
 * - `server_resent_bytes` BIGINT, bytes: TCP payload that the server sent again
 * - `retransmissions` BIGINT, packets: sent again, both ways, SYNs included
 * - `out_of_order` BIGINT, packets: arrived after later data
 * - `zero_windows` BIGINT, packets: said that the receive buffer is full
 * - `rst` BIGINT, packets: resets, both ways
 * - `fin` BIGINT, packets: with FIN, both ways
 * - `handshake` BOOLEAN: SYN and SYN ACK are in the capture
 * - `rtt_ns` BIGINT, ns: TCP: handshake; DNS and echo: median from request to answer
 * - `copies` BIGINT, packets: packets that the capture has a second time; they are counted above
 *
 * @param filter which conversations, and when. Default: all.
 * @returns a Frame in the order of the flows' first packets; `.schema` has units and meanings. `flow` is the id by which every
 *   other analysis calls it.
 * @throws SkbookError as `packets` does; `BAD_PARAMETER`, `NOTHING_MATCHES`; with a `bpf` in the filter `BAD_FILTER`, `BPF_IMPOSSIBLE`,
 *   `TOOL_MISSING`, `NO_PERMISSION`; `FRAME_TOO_LARGE` above 100,000 flows.
 */
export async function flows(capture: Capture, filter: TrafficFilter = {}): Promise<Frame> {
  const scope = await sequencesOf(capture, filter);
  return scope.frame({ source: "flows", query: flowsSql, columns: flowColumns });
}
