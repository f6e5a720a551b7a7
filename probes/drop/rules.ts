/** What a drop means: no packet that anyone waits for is gone; one is; no rule knows. */
export type DropKind = "normal" | "suspicious" | "unknown";

/** A rule of {@link classifyDrops}: the first that holds decides. */
export interface DropRule {
  /** Its own name. */
  id: string;
  kind: DropKind;
  /** As the column `why` says it. */
  why: string;
  /** SQL on the columns of a drop; what the rows don't have is null there. */
  when: string;
}

const oneOf = (column: string, names: readonly string[]) =>
  `${column} IN (${names.map((name) => `'${name}'`).join(", ")})`;
const reason = (...names: string[]) => oneOf("reason", names);
const unnamed = "(reason IS NULL OR reason = 'NOT_SPECIFIED')";

/** Kernels before 5.17 give no reason, and later ones not everywhere. */
const site = (...names: string[]) => `(${unnamed} AND ${oneOf("site", names)})`;

const closing = [
  ...["sk_stream_kill_queues", "inet_sock_destruct", "tcp_write_queue_purge", "__tcp_close"],
  "udp_destruct_common",
];
const tcpSegments = ["tcp_v4_rcv", "tcp_v6_rcv"];
const tcpOfConnection = ["tcp_v4_do_rcv", "tcp_v6_do_rcv", "tcp_rcv_state_process"];
const tcpInput = [...tcpSegments, ...tcpOfConnection];
const icmpInput = ["icmp_rcv", "icmpv6_rcv", "ping_rcv"];
const ipInput = ["ip_rcv_core", "ip6_rcv_core"];
const lossy = [
  ...[
    "kfree_skb_list",
    "kfree_skb_list_reason",
    "__dev_queue_xmit",
    "__fq_codel_dequeue",
    "enqueue_to_backlog",
  ],
  ...["nf_hook_slow", "nft_do_chain", "ip_rcv_finish_core", "ip_forward", "ip_error", "ip_expire"],
  ...["__udp4_lib_rcv", "__udp6_lib_rcv", "udp_queue_rcv_one_skb", "udpv6_queue_rcv_one_skb"],
  ...["neigh_invalidate", "__neigh_event_send", "tun_net_xmit", "ovs_vport_send", "ovs_dp_process_packet"],
  ...["do_execute_actions", "do_output", "ovs_execute_actions", "ovs_dp_upcall"],
  ...[
    "vxlan_rcv",
    "vxlan_xmit",
    "vxlan_xmit_one",
    "geneve_udp_encap_recv",
    "geneve_xmit",
    "gre_rcv",
    "ip_tunnel_rcv",
  ],
  ...["ip_tunnel_xmit", "ip6_tnl_xmit", "ip6_tnl_rcv", "__iptunnel_pull_header"],
];

/** It was sent to all, or to a group: by whom the frame was for, else by its addresses (RFC 1112, 4291). */
const toMany =
  "(packet_type IN ('BROADCAST', 'MULTICAST') OR regexp_matches(eth_dst, '^[0-9a-f][13579bdf]:') OR dst = '255.255.255.255' OR regexp_matches(dst, '^(22[4-9]|23[0-9])\\.') OR regexp_matches(dst, '^ff[0-9a-f]{2}:'))";
/** Where the kernel finds that nothing on the host takes what was sent to many. */
const untaken = [
  ...["ip_rcv_finish_core", "ip_forward", "ip_error", "ip_local_deliver_finish", "ip_mc_output"],
  ...["ip6_mc_input", "ip6_input_finish", "ip6_protocol_deliver_rcu", "ip6_forward"],
  ...["__udp4_lib_rcv", "__udp6_lib_rcv", "__udp4_lib_mcast_deliver", "__udp6_lib_mcast_deliver"],
];
const opens = "(regexp_matches(tcp_flags, '\\bSYN\\b') AND NOT regexp_matches(tcp_flags, '\\bACK\\b'))";
const withData = "(tcp_has_data OR tcp_payload_bytes > 0)";
const withoutData = "(NOT tcp_has_data OR tcp_payload_bytes = 0)";

/** From the particular to the general. They say what a row means and hide none. */
export const dropRules: readonly DropRule[] = [
  {
    id: "NETLINK_FULL",
    kind: "suspicious",
    why: "a message found no room in a netlink socket: a packet that Open vSwitch asks its daemon about, for instance",
    when: "site = 'netlink_attachskb'",
  },
  {
    id: "LOCAL_MESSAGE",
    kind: "normal",
    why: "message of a local socket or of netlink, no packet",
    when: "device IS NULL AND regexp_matches(site, '^(unix_|nfnetlink_rcv|netlink_rcv|netlink_dump|netlink_release)')",
  },
  {
    id: "OTHER_MACHINE",
    kind: "unknown",
    why: "frame with the MAC address of another machine: flooded by a switch or seen in promiscuous mode, or sent to a wrong address",
    when: `${reason("OTHERHOST", "TAP_FILTER")} OR (${site(...ipInput, "arp_rcv")} AND packet_type = 'OTHERHOST')`,
  },
  {
    id: "WRONG_HEADER",
    kind: "suspicious",
    why: "an IP header that is wrong: IpInHdrErrors counts those",
    when: `${site("ip_rcv_core")} AND packet_type IS NOT NULL`,
  },
  {
    id: "OTHER_MACHINE_OR_HEADER",
    kind: "unknown",
    why: "frame with the MAC address of another machine, or an IP header that is wrong: IpInHdrErrors counts those; or IPv6 where it is switched off",
    when: site(...ipInput),
  },
  {
    id: "TO_MANY",
    kind: "normal",
    why: "broadcast or multicast that nothing on the host takes",
    when: `${toMany} AND (${site(...untaken)} OR ${reason("NO_SOCKET", "IP_INNOROUTES", "IP_INADDRERRORS", "IP_NOPROTO", "IPV6DISABLED", "IPV6_NDISC_NS_OTHERHOST")})`,
  },
  {
    id: "PING_ANSWER",
    kind: "normal",
    why: "ICMP message that no ping socket waits for; raw sockets have been given theirs before",
    when: `${reason("NO_SOCKET")} AND ${oneOf("site", icmpInput)}`,
  },
  {
    id: "OTHER_PROTOCOL",
    kind: "normal",
    why: "EtherType that the host has no use for",
    when: `${reason("UNHANDLED_PROTO")} OR ${site("__netif_receive_skb_core")}`,
  },
  {
    id: "SOCKET_FILTER",
    kind: "normal",
    why: "the filter that a socket's owner gave it refused it",
    when: reason("SOCKET_FILTER"),
  },
  {
    id: "CONTROL_FRAME",
    kind: "normal",
    why: "control frame, or a port that spanning tree keeps blocked",
    when: reason("MAC_IEEE_MAC_CONTROL", "BRIDGE_INGRESS_STP_STATE"),
  },
  {
    id: "DUPLICATE",
    kind: "normal",
    why: "had been received already: nothing is lost, but it came twice",
    when: reason("TCP_OLD_DATA", "TCP_OFOMERGE", "TCP_OLD_ACK", "TCP_OLD_SEQUENCE", "DUP_FRAG"),
  },
  {
    id: "RESET",
    kind: "normal",
    why: "reset of a connection, which was obeyed or of one that had ended",
    when: `${reason("TCP_RESET")} OR (${reason("NO_SOCKET")} AND regexp_matches(tcp_flags, '\\bRST\\b'))`,
  },
  {
    id: "ENDED",
    kind: "unknown",
    why: "TCP segment of a connection that its program had closed, or that had ended",
    when: `${reason("TCP_CLOSE", "TCP_ABORT_ON_CLOSE", "TCP_ABORT_ON_DATA", "TCP_ABORT_ON_LINGER")} OR (${reason("NO_SOCKET")} AND ${oneOf("site", tcpSegments)} AND NOT ${opens}) OR (${site(...tcpOfConnection)} AND ${withData})`,
  },
  {
    id: "CLOSED",
    kind: "normal",
    why: "waited in a queue of a socket that was closed",
    when: `${reason("SOCKET_CLOSE", "UNIX_DISCONNECT", "QUEUE_PURGE")} OR ${site(...closing)}`,
  },
  {
    id: "ICMP_HANDLED",
    kind: "normal",
    why: "ICMP or IGMP message, freed once it was handled",
    when: site(...icmpInput, "igmp_rcv"),
  },
  {
    id: "PIECE",
    kind: "normal",
    why: "piece of a packet that was put together, freed with the whole, which was delivered or has a row of its own",
    when: "reason IS NULL AND site = 'skb_release_data'",
  },
  {
    id: "TCP_OPEN",
    kind: "suspicious",
    why: "an attempt to open a TCP connection was dropped",
    // From 6.1 on a closed port has its reason: a SYN without one came again while its handshake was under way, and was answered.
    when: `(${site(...tcpOfConnection)} OR (reason IS NULL AND ${oneOf("site", tcpSegments)})) AND ${opens}`,
  },
  {
    id: "TCP_HANDLED",
    kind: "normal",
    why: "TCP segment without data, freed once its connection had handled it",
    when: `${site(...tcpOfConnection)} AND ${withoutData}`,
  },
  {
    id: "TCP_REFUSED",
    kind: "unknown",
    why: "TCP segment of no connection: refused, sent again while its handshake was under way, or of one that had ended",
    when: `${site(...tcpSegments)} AND tcp_flags IS NOT NULL`,
  },
  {
    id: "TCP_UNTOLD",
    kind: "unknown",
    why: "TCP segment at a place that also frees what was handled; headers: true tells more",
    when: site(...tcpInput),
  },
  {
    id: "FIREWALL",
    kind: "suspicious",
    why: "dropped by a rule of the firewall, or by connection tracking",
    when: reason("NETFILTER_DROP"),
  },
  {
    id: "REASON",
    kind: "suspicious",
    why: "dropped for the reason that the kernel gives",
    when: "reason IS NOT NULL AND reason <> 'NOT_SPECIFIED'",
  },
  { id: "LOSSY_PLACE", kind: "suspicious", why: "freed where packets get lost", when: site(...lossy) },
];

/** What the column `why` says where a rule decided. */
export function whyOf(id: string): string {
  return dropRules.find((rule) => rule.id === id)?.why as string;
}
