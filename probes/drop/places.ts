const oneOf = (column: string, names: readonly string[]) =>
  `${column} IN (${names.map((name) => `'${name}'`).join(", ")})`;

/** In SQL: the kernel gave one of these reasons. */
export const byReason = (...names: string[]): string => oneOf("reason", names);

/** In SQL: it was one of these functions, whatever the reason. */
export const bySite = (...names: string[]): string => oneOf("site", names);

/** In SQL: it was one of these functions, without a reason: kernels before 5.17 give none, and later ones not everywhere. */
export const unnamedAt = (...names: string[]): string =>
  `((reason IS NULL OR reason = 'NOT_SPECIFIED') AND ${bySite(...names)})`;

/** Functions of the kernel where packets get lost, by what loses them. */
export const lossyPlaces = {
  queue: ["kfree_skb_list", "kfree_skb_list_reason", "__dev_queue_xmit", "__fq_codel_dequeue"],
  firewall: ["nf_hook_slow", "nft_do_chain"],
  route: ["ip_rcv_finish_core", "ip_error", "neigh_invalidate", "__neigh_event_send"],
  hops: ["ip_forward", "ip_expire"],
  /** UDP frees there what nobody listens for, is damaged, or a policy refuses. */
  udpLookup: ["__udp4_lib_rcv", "__udp6_lib_rcv"],
  /** And there what finds no room, is damaged, or a filter refuses. */
  udpQueue: ["udp_queue_rcv_one_skb", "udpv6_queue_rcv_one_skb"],
  virtual: ["tun_net_xmit", "enqueue_to_backlog"],
  switch: [
    ...["ovs_vport_send", "ovs_dp_process_packet", "do_execute_actions", "do_output"],
    ...["ovs_execute_actions", "ovs_dp_upcall"],
  ],
  tunnel: [
    ...["vxlan_rcv", "vxlan_xmit", "vxlan_xmit_one", "geneve_udp_encap_recv", "geneve_xmit", "gre_rcv"],
    ...["ip_tunnel_rcv", "ip_tunnel_xmit", "ip6_tnl_rcv", "ip6_tnl_xmit", "__iptunnel_pull_header"],
  ],
} as const;

/**
 * Open vSwitch has reasons of its own since Linux 6.7, whose numbers stay the same (`enum ovs_drop_reason` of net/openvswitch/drop.h); that of its subsystem does not, so
 * a function of the switch tells them from others'.
 */
const switchReasons = {
  LAST_ACTION: 1,
  ACTION_ERROR: 2,
  EXPLICIT: 3,
  EXPLICIT_WITH_ERROR: 4,
  METER: 5,
  RECURSION_LIMIT: 6,
  DEFERRED_LIMIT: 7,
  FRAG_L2_TOO_LONG: 8,
  FRAG_INVALID_PROTO: 9,
  CONNTRACK: 10,
  IP_TTL: 11,
} as const;

/** In SQL: Open vSwitch gave one of these reasons of its own; without names, any. */
export function bySwitch(...names: (keyof typeof switchReasons)[]): string {
  const numbers = names.length === 0 ? "\\d+" : names.map((name) => switchReasons[name]).join("|");
  const places = `(site = 'do_execute_actions' OR starts_with(site, 'ovs_'))`;
  return `(regexp_matches(reason, '^SUBSYSTEM_\\d+_(${numbers})$') AND ${places})`;
}
