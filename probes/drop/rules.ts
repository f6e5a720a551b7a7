import { byReason, bySite, bySwitch, lossyPlaces, switchReasonSql, unnamedAt } from "./places.js";

/** What a drop means: no packet that anyone waits for is gone; one is; no rule knows. */
export type DropKind = "normal" | "suspicious" | "unknown";

/** A rule of {@link classifyDrops}: the first that holds decides. */
export interface DropRule {
  /** Its own name. */
  id: string;
  kind: DropKind;
  /** As the column `why` says it. */
  why: string;
  /** SQL for what `why` says instead where the row tells more; null where it doesn't. */
  more?: string;
  /** SQL on the columns of a drop; what the rows don't have is null there. */
  when: string;
}

const closing = [
  ...["sk_stream_kill_queues", "inet_sock_destruct", "tcp_write_queue_purge", "__tcp_close"],
  "udp_destruct_common",
];
const tcpSegments = ["tcp_v4_rcv", "tcp_v6_rcv"];
const tcpOfConnection = ["tcp_v4_do_rcv", "tcp_v6_do_rcv", "tcp_rcv_state_process"];
const tcpInput = [...tcpSegments, ...tcpOfConnection];
const icmpInput = ["icmp_rcv", "icmpv6_rcv", "ping_rcv"];
const ipInput = ["ip_rcv_core", "ip6_rcv_core"];

/** It was sent to all, or to a group: by whom the frame was for, else by its addresses (RFC 1112, 4291). */
const toMany =
  "(packet_type IN ('BROADCAST', 'MULTICAST', 'LOOPBACK') OR regexp_matches(eth_dst, '^[0-9a-f][13579bdf]:') OR dst = '255.255.255.255' OR regexp_matches(dst, '^(22[4-9]|23[0-9])\\.') OR regexp_matches(dst, '^ff[0-9a-f]{2}:'))";
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
    when: "device IS NULL AND regexp_matches(site, '^(unix_|nfnetlink_rcv|netlink_rcv|netlink_dump|netlink_release|genl_|ctnetlink_|rtnl_|rtnetlink_|ovs_(dp|vport|flow|meter|ct_limit)_cmd_)')",
  },
  {
    id: "OTHER_MACHINE",
    kind: "unknown",
    why: "frame with the MAC address of another machine: flooded by a switch or seen in promiscuous mode, or sent to a wrong address",
    when: `${byReason("OTHERHOST", "TAP_FILTER")} OR (${unnamedAt(...ipInput, "arp_rcv")} AND packet_type = 'OTHERHOST')`,
  },
  {
    id: "WRONG_HEADER",
    kind: "suspicious",
    why: "an IP header that is wrong: IpInHdrErrors counts those",
    when: `${unnamedAt("ip_rcv_core")} AND packet_type IS NOT NULL`,
  },
  {
    id: "OTHER_MACHINE_OR_HEADER",
    kind: "unknown",
    why: "frame with the MAC address of another machine, or an IP header that is wrong: IpInHdrErrors counts those; or IPv6 where it is switched off",
    when: unnamedAt(...ipInput),
  },
  {
    id: "TO_MANY",
    kind: "normal",
    why: "broadcast or multicast that nothing on the host takes",
    when: `${toMany} AND (${unnamedAt(...untaken)} OR ${byReason("NO_SOCKET", "IP_INNOROUTES", "IP_INADDRERRORS", "IP_NOPROTO", "IPV6DISABLED", "IPV6_NDISC_NS_OTHERHOST")})`,
  },
  {
    id: "PING_ANSWER",
    kind: "normal",
    why: "ICMP message that no ping socket waits for; raw sockets have been given theirs before",
    when: `${byReason("NO_SOCKET")} AND ${bySite(...icmpInput)}`,
  },
  {
    id: "OTHER_PROTOCOL",
    kind: "normal",
    why: "EtherType that the host has no use for",
    when: `${byReason("UNHANDLED_PROTO")} OR (${unnamedAt("__netif_receive_skb_core")} AND protocol IS NOT NULL AND ip_version IS NULL)`,
  },
  {
    id: "ON_ENTRY",
    kind: "unknown",
    why: "a filter of tc took it on its way in, it came in on a port of a bond that isn't active, or the host has no use for its EtherType",
    when: unnamedAt("__netif_receive_skb_core"),
  },
  {
    id: "SOCKET_FILTER",
    kind: "normal",
    why: "the filter that a socket's owner gave it refused it",
    when: byReason("SOCKET_FILTER"),
  },
  {
    id: "CONTROL_FRAME",
    kind: "normal",
    why: "control frame, or a port that spanning tree keeps blocked",
    when: byReason("MAC_IEEE_MAC_CONTROL", "BRIDGE_INGRESS_STP_STATE"),
  },
  {
    id: "DUPLICATE",
    kind: "normal",
    why: "had been received already: nothing is lost, but it came twice",
    when: byReason("TCP_OLD_DATA", "TCP_OFOMERGE", "TCP_OLD_ACK", "TCP_OLD_SEQUENCE", "DUP_FRAG"),
  },
  {
    id: "OUT_OF_PLACE",
    kind: "unknown",
    why: "TCP segment outside the window, a SYN inside a connection, or flags that fit no state: it came twice, or is a stray of an earlier connection",
    when: byReason("TCP_INVALID_SEQUENCE", "TCP_INVALID_END_SEQUENCE", "TCP_INVALID_SYN", "TCP_FLAGS"),
  },
  {
    id: "RESET",
    kind: "normal",
    why: "reset of a connection, which was obeyed or of one that had ended",
    when: `${byReason("TCP_RESET")} OR (${byReason("NO_SOCKET")} AND regexp_matches(tcp_flags, '\\bRST\\b'))`,
  },
  {
    id: "ENDED",
    kind: "unknown",
    why: "TCP segment of a connection that its program had closed, or that had ended",
    when: `${byReason("TCP_CLOSE", "TCP_ABORT_ON_CLOSE", "TCP_ABORT_ON_DATA", "TCP_ABORT_ON_LINGER")} OR (${byReason("NO_SOCKET")} AND ${bySite(...tcpSegments)} AND NOT ${opens})`,
  },
  {
    id: "TCP_DATA",
    kind: "unknown",
    why: "data that its connection did not take: its program had closed it, it had ended, or the segment is damaged: TcpInCsumErrors counts those",
    when: `${unnamedAt(...tcpOfConnection)} AND ${withData} AND NOT ${opens}`,
  },
  {
    id: "CLOSED",
    kind: "normal",
    why: "waited in a queue of a socket that was closed",
    when: `${byReason("SOCKET_CLOSE", "UNIX_DISCONNECT", "QUEUE_PURGE")} OR ${unnamedAt(...closing)}`,
  },
  {
    id: "ICMP_HANDLED",
    kind: "normal",
    why: "ICMP or IGMP message, freed once it was handled",
    when: unnamedAt(...icmpInput, "igmp_rcv"),
  },
  {
    id: "PIECE",
    kind: "normal",
    why: "piece of a packet that was put together, freed with the whole, which was delivered or has a row of its own",
    when: "reason IS NULL AND site = 'skb_release_data'",
  },
  {
    id: "TCP_OPEN",
    kind: "unknown",
    why: "SYN that nobody listened for, or that came again when its handshake was under way or done",
    when: `${unnamedAt(...tcpInput)} AND ${opens}`,
  },
  {
    id: "TCP_HANDLED",
    kind: "normal",
    why: "TCP segment without data, freed once its connection had handled it",
    when: `${unnamedAt(...tcpOfConnection)} AND ${withoutData}`,
  },
  {
    id: "TCP_REFUSED",
    kind: "unknown",
    why: "TCP segment that opens no connection: refused, of one that had ended, or damaged: TcpInCsumErrors counts those",
    when: `${unnamedAt(...tcpSegments)} AND tcp_flags IS NOT NULL`,
  },
  {
    id: "TCP_UNTOLD",
    kind: "unknown",
    why: "TCP segment at a place that also frees what was handled; headers: true tells more",
    when: unnamedAt(...tcpInput),
  },
  {
    id: "FIREWALL",
    kind: "suspicious",
    why: "dropped by a rule of the firewall, or by connection tracking",
    when: byReason("NETFILTER_DROP"),
  },
  {
    id: "SWITCH",
    kind: "suspicious",
    why: "dropped by Open vSwitch, for a reason of its own",
    more: switchReasonSql,
    when: bySwitch,
  },
  {
    id: "REASON",
    kind: "suspicious",
    why: "dropped for the reason that the kernel gives",
    when: "reason IS NOT NULL AND reason <> 'NOT_SPECIFIED'",
  },
  {
    id: "LOSSY_PLACE",
    kind: "suspicious",
    why: "freed where packets get lost",
    when: unnamedAt(...Object.values(lossyPlaces).flat()),
  },
];
