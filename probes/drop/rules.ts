/** What a drop means: no packet that anyone waits for is gone; one is; no rule knows. */
export type DropKind = "normal" | "suspicious" | "unknown";

/** A rule of {@link classifyDrops}: the first that holds decides. */
export interface DropRule {
  kind: DropKind;
  /** As the column `why` says it. */
  why: string;
  /** SQL on the columns of a drop; what the rows don't have is null there. */
  when: string;
}

const oneOf = (column: string, names: readonly string[]) =>
  `${column} IN (${names.map((name) => `'${name}'`).join(", ")})`;
const reason = (...names: string[]) => oneOf("reason", names);

/** Kernels before 5.17 give no reason, and later ones not everywhere. */
const site = (...names: string[]) =>
  `(reason IS NULL OR reason = 'NOT_SPECIFIED') AND ${oneOf("site", names)}`;

const closing = ["sk_stream_kill_queues", "inet_sock_destruct", "tcp_write_queue_purge", "__tcp_close"];
const tcpInput = ["tcp_v4_rcv", "tcp_v6_rcv", "tcp_v4_do_rcv", "tcp_v6_do_rcv", "tcp_rcv_state_process"];
const tcpOfConnection = ["tcp_v4_do_rcv", "tcp_v6_do_rcv", "tcp_rcv_state_process"];
const icmpInput = ["icmp_rcv", "icmpv6_rcv", "ping_rcv"];
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

/** From the particular to the general. They say what a row means and hide none. */
export const dropRules: readonly DropRule[] = [
  {
    kind: "suspicious",
    why: "a message found no room in a netlink socket: a packet that Open vSwitch asks its daemon about, for instance",
    when: "site = 'netlink_attachskb'",
  },
  {
    kind: "normal",
    why: "message of a local socket or of netlink, no packet",
    when: "device IS NULL AND regexp_matches(site, '^(unix_|nfnetlink_rcv|netlink_rcv|netlink_dump|netlink_release)')",
  },
  {
    kind: "unknown",
    why: "frame with the MAC address of another machine: flooded by a switch or seen in promiscuous mode, or sent to a wrong address",
    when: reason("OTHERHOST", "TAP_FILTER"),
  },
  {
    kind: "unknown",
    why: "frame with the MAC address of another machine, or an IP header that is wrong: IpInHdrErrors counts those",
    when: site("ip_rcv_core", "ip6_rcv_core"),
  },
  {
    kind: "normal",
    why: "ICMP message that no ping socket waits for; raw sockets have been given theirs before",
    when: `${reason("NO_SOCKET")} AND ${oneOf("site", icmpInput)}`,
  },
  { kind: "normal", why: "EtherType that the host has no use for", when: reason("UNHANDLED_PROTO") },
  {
    kind: "normal",
    why: "the filter that a socket's owner gave it refused it",
    when: reason("SOCKET_FILTER"),
  },
  {
    kind: "normal",
    why: "control frame, or a port that spanning tree keeps blocked",
    when: reason("MAC_IEEE_MAC_CONTROL", "BRIDGE_INGRESS_STP_STATE"),
  },
  {
    kind: "normal",
    why: "had been received already: nothing is lost, but it came twice",
    when: reason("TCP_OLD_DATA", "TCP_OFOMERGE", "TCP_OLD_ACK", "TCP_OLD_SEQUENCE", "DUP_FRAG"),
  },
  { kind: "normal", why: "reset of a connection, which was obeyed", when: reason("TCP_RESET") },
  {
    kind: "normal",
    why: "waited in a queue of a socket that was closed",
    when: `${reason("SOCKET_CLOSE", "UNIX_DISCONNECT", "QUEUE_PURGE")} OR ${site(...closing)}`,
  },
  { kind: "normal", why: "ICMP message, freed once it was handled", when: site(...icmpInput) },
  {
    kind: "normal",
    why: "piece of a packet that was put together, freed with the whole, which was delivered or has a row of its own",
    when: "reason IS NULL AND site = 'skb_release_data'",
  },
  {
    kind: "suspicious",
    why: "TCP data was dropped",
    when: `${site(...tcpInput)} AND tcp_payload_bytes > 0`,
  },
  {
    kind: "suspicious",
    why: "an attempt to open a TCP connection was dropped",
    when: `${site(...tcpInput)} AND regexp_matches(tcp_flags, '\\bSYN\\b')`,
  },
  {
    kind: "normal",
    why: "TCP segment without data, freed once its connection had handled it",
    when: `${site(...tcpOfConnection)} AND tcp_payload_bytes = 0`,
  },
  {
    kind: "unknown",
    why: "TCP segment without data: refused, or of a connection that had ended",
    when: `${site(...tcpInput)} AND tcp_payload_bytes = 0`,
  },
  {
    kind: "unknown",
    why: "TCP segment at a place that also frees what was handled; headers: true tells more",
    when: site(...tcpInput),
  },
  { kind: "suspicious", why: "dropped by a rule of the firewall", when: reason("NETFILTER_DROP") },
  {
    kind: "suspicious",
    why: "dropped for the reason that the kernel gives",
    when: "reason IS NOT NULL AND reason <> 'NOT_SPECIFIED'",
  },
  { kind: "suspicious", why: "freed where packets get lost", when: site(...lossy) },
];
