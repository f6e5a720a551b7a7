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
const switchReasons: { readonly [number: number]: string } = {
  1: "the actions of its flow in Open vSwitch send it nowhere",
  2: "an action of Open vSwitch failed",
  3: "a flow of Open vSwitch says that it is dropped",
  4: "a flow of Open vSwitch says that it is dropped, as an error",
  5: "a meter of Open vSwitch lets no more of them pass",
  6: "clones or passes of Open vSwitch are nested deeper than the kernel follows",
  7: "more clones or passes of Open vSwitch wait than the kernel has room for",
  8: "Open vSwitch can't cut it into fragments: its headers are too long",
  9: "Open vSwitch can't cut it into fragments: it is not IP",
  10: "connection tracking refused it, as Open vSwitch asked",
  11: "its time to live ended in Open vSwitch",
};

/** In SQL: Open vSwitch gave a reason of its own. */
export const bySwitch =
  "(regexp_matches(reason, '^SUBSYSTEM_\\d+_\\d+$') AND (site = 'do_execute_actions' OR starts_with(site, 'ovs_')))";

/** In SQL: what such a reason stands for; null for one that isn't known. */
export const switchReasonSql = `CASE regexp_extract(reason, '\\d+$') ${Object.entries(switchReasons)
  .map(([number, words]) => `WHEN '${number}' THEN '${words.replaceAll("'", "''")}'`)
  .join(" ")} END`;
