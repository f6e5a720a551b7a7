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
  virtual: [
    ...["tun_net_xmit", "enqueue_to_backlog", "ovs_vport_send", "ovs_dp_process_packet"],
    ...["do_execute_actions", "do_output", "ovs_execute_actions", "ovs_dp_upcall"],
  ],
  tunnel: [
    ...["vxlan_rcv", "vxlan_xmit", "vxlan_xmit_one", "geneve_udp_encap_recv", "geneve_xmit", "gre_rcv"],
    ...["ip_tunnel_rcv", "ip_tunnel_xmit", "ip6_tnl_rcv", "ip6_tnl_xmit", "__iptunnel_pull_header"],
  ],
} as const;
