// Generated from the definitions by `npm run docs`; don't edit.

/** What {@link dropEvents} can be asked, beside what every probe can. */
export interface DropEventsParameters {
  /** Kernel stack with every row, so many functions deep, up to 64; 0 or false for none, true for 8 (boolean, or integer, 0 to 64). */
  stacks?: boolean | number | undefined;
  /** Ethernet, VLAN, ARP, IP, TCP and ICMP headers with every row; default false. */
  headers?: boolean | undefined;
  /** What Open vSwitch did last with packets that it drops; default false. */
  ovs?: boolean | undefined;
  /** Rows at most; what the kernel goes on counting beyond is said (integer, 1 to 10,000,000). Default 10000. */
  maxEvents?: number | undefined;
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Destination address or prefix, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** TCP, UDP or SCTP source port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** TCP, UDP or SCTP destination port (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
  /** IP protocol, by name or number ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP", or integer, 0 to 255). */
  protocol?: "TCP" | "UDP" | "ICMP" | "ICMPv6" | "SCTP" | number | undefined;
  /** Interface that the packet is on when it is seen. */
  device?: string | undefined;
  /** VLAN identifier (IEEE 802.1Q), of either tag where there are two (integer, 0 to 4,095). */
  vlan?: number | undefined;
  /** VXLAN or Geneve network identifier; the other filters, and the columns, are of the packet inside then (integer, 0 to 16,777,215). */
  vni?: number | undefined;
  /** One reason or several, as the host's kernel names them: `NO_SOCKET`. */
  reason?: string | string[] | undefined;
}

/** What {@link dropSummary} can be asked, beside what every probe can. */
export interface DropSummaryParameters {
  /** What to count by, in the order of the columns; default reason, site, device. */
  by?: ("reason" | "site" | "device" | "protocol" | "flow" | "stack")[] | undefined;
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Destination address or prefix, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** TCP, UDP or SCTP source port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** TCP, UDP or SCTP destination port (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
  /** IP protocol, by name or number ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP", or integer, 0 to 255). */
  protocol?: "TCP" | "UDP" | "ICMP" | "ICMPv6" | "SCTP" | number | undefined;
  /** Interface that the packet is on when it is seen. */
  device?: string | undefined;
  /** VLAN identifier (IEEE 802.1Q), of either tag where there are two (integer, 0 to 4,095). */
  vlan?: number | undefined;
  /** VXLAN or Geneve network identifier; the other filters, and the columns, are of the packet inside then (integer, 0 to 16,777,215). */
  vni?: number | undefined;
  /** One reason or several, as the host's kernel names them: `NO_SOCKET`. */
  reason?: string | string[] | undefined;
}

/** What {@link qdiscDrops} can be asked, beside what every probe can. */
export interface QdiscDropsParameters {
  /** Interface that packets leave by. */
  device?: string | undefined;
}

/** What {@link qdiscLatencyEvents} can be asked, beside what every probe can. */
export interface QdiscLatencyEventsParameters {
  /** Packets that waited so long or longer, in microseconds (integer, 0 to 60,000,000). Default 1000. */
  slowerThanUs?: number | undefined;
  /** Rows at most; what the kernel goes on counting beyond is said (integer, 1 to 10,000,000). Default 10000. */
  maxEvents?: number | undefined;
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Destination address or prefix, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** TCP, UDP or SCTP source port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** TCP, UDP or SCTP destination port (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
  /** IP protocol, by name or number ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP", or integer, 0 to 255). */
  protocol?: "TCP" | "UDP" | "ICMP" | "ICMPv6" | "SCTP" | number | undefined;
  /** Interface that packets leave by. */
  device?: string | undefined;
  /** VLAN identifier (IEEE 802.1Q), of either tag where there are two (integer, 0 to 4,095). */
  vlan?: number | undefined;
  /** VXLAN or Geneve network identifier; the other filters, and the columns, are of the packet inside then (integer, 0 to 16,777,215). */
  vni?: number | undefined;
}

/** What {@link qdiscLatencySummary} can be asked, beside what every probe can. */
export interface QdiscLatencySummaryParameters {
  /** What to count by, in the order of the columns; default device, qdisc. */
  by?: ("device" | "queue" | "qdisc")[] | undefined;
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Destination address or prefix, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** TCP, UDP or SCTP source port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** TCP, UDP or SCTP destination port (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
  /** IP protocol, by name or number ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP", or integer, 0 to 255). */
  protocol?: "TCP" | "UDP" | "ICMP" | "ICMPv6" | "SCTP" | number | undefined;
  /** Interface that packets leave by. */
  device?: string | undefined;
  /** VLAN identifier (IEEE 802.1Q), of either tag where there are two (integer, 0 to 4,095). */
  vlan?: number | undefined;
  /** VXLAN or Geneve network identifier; the other filters, and the columns, are of the packet inside then (integer, 0 to 16,777,215). */
  vni?: number | undefined;
}

/** What {@link conntrackEvents} can be asked, beside what every probe can. */
export interface ConntrackEventsParameters {
  /** Only packets in this state, or in one of these. */
  state?: "INVALID" | "ESTABLISHED" | "RELATED" | "NEW" | "ESTABLISHED_REPLY" | "RELATED_REPLY" | "UNTRACKED" | ("INVALID" | "ESTABLISHED" | "RELATED" | "NEW" | "ESTABLISHED_REPLY" | "RELATED_REPLY" | "UNTRACKED")[] | undefined;
  /** Only packets whose verdict is DROP; default false. */
  dropped?: boolean | undefined;
  /** Rows at most; what the kernel goes on counting beyond is said (integer, 1 to 10,000,000). Default 10000. */
  maxEvents?: number | undefined;
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Destination address or prefix, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** TCP, UDP or SCTP source port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** TCP, UDP or SCTP destination port (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
  /** IP protocol, by name or number ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP", or integer, 0 to 255). */
  protocol?: "TCP" | "UDP" | "ICMP" | "ICMPv6" | "SCTP" | number | undefined;
  /** Interface that the packet is on when it is seen. */
  device?: string | undefined;
  /** VLAN identifier (IEEE 802.1Q), of either tag where there are two (integer, 0 to 4,095). */
  vlan?: number | undefined;
  /** VXLAN or Geneve network identifier; the other filters, and the columns, are of the packet inside then (integer, 0 to 16,777,215). */
  vni?: number | undefined;
}

/** What {@link conntrackSummary} can be asked, beside what every probe can. */
export interface ConntrackSummaryParameters {
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Destination address or prefix, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** TCP, UDP or SCTP source port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** TCP, UDP or SCTP destination port (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
  /** IP protocol, by name or number ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP", or integer, 0 to 255). */
  protocol?: "TCP" | "UDP" | "ICMP" | "ICMPv6" | "SCTP" | number | undefined;
  /** Interface that the packet is on when it is seen. */
  device?: string | undefined;
  /** VLAN identifier (IEEE 802.1Q), of either tag where there are two (integer, 0 to 4,095). */
  vlan?: number | undefined;
  /** VXLAN or Geneve network identifier; the other filters, and the columns, are of the packet inside then (integer, 0 to 16,777,215). */
  vni?: number | undefined;
}

/** What {@link defragEvents} can be asked, beside what every probe can. */
export interface DefragEventsParameters {
  /** Rows at most; what the kernel goes on counting beyond is said (integer, 1 to 10,000,000). Default 10000. */
  maxEvents?: number | undefined;
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Destination address or prefix, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
}

/** What {@link defragSummary} can be asked, beside what every probe can. */
export interface DefragSummaryParameters {
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Destination address or prefix, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
}

/** What {@link pathEvents} can be asked, beside what every probe can. */
export interface PathEventsParameters {
  /** Devices that the packets come in by, one or up to 8: `vnet1`; answers leave by them. */
  from: string | string[];
  /** Devices that they have to leave by, one or up to 8: `eth0`; answers come in by them. */
  to: string | string[];
  /** With ICMP, echo requests and their replies; addresses say whether ICMPv6 is meant. */
  protocol: "ICMP" | "TCP" | "UDP";
  /** Source address or prefix, as it is on both devices, IPv4 or IPv6. */
  src: string;
  /** Destination address or prefix, of the same IP version: all packets for it have to leave by `to`, or they count as lost. */
  dst: string;
  /** TCP or UDP source port of packets from `from` to `to`; destination port of those that come back (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** TCP or UDP destination port of packets from `from` to `to` (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** What has not come out after so many milliseconds is lost; what is younger at the end is unfinished (integer, 1 to 60,000). Default 1000. */
  timeoutMs?: number | undefined;
  /** Inode of the network namespace that the devices are in; default: the one that commands run in (integer, at least 1). */
  netns?: number | undefined;
  /** Rows at most; what the kernel goes on counting beyond is said (integer, 1 to 10,000,000). Default 10000. */
  maxEvents?: number | undefined;
}

/** What {@link pathSummary} can be asked, beside what every probe can. */
export interface PathSummaryParameters {
  /** Devices that the packets come in by, one or up to 8: `vnet1`; answers leave by them. */
  from: string | string[];
  /** Devices that they have to leave by, one or up to 8: `eth0`; answers come in by them. */
  to: string | string[];
  /** With ICMP, echo requests and their replies; addresses say whether ICMPv6 is meant. */
  protocol: "ICMP" | "TCP" | "UDP";
  /** Source address or prefix, as it is on both devices, IPv4 or IPv6. */
  src: string;
  /** Destination address or prefix, of the same IP version: all packets for it have to leave by `to`, or they count as lost. */
  dst: string;
  /** TCP or UDP source port of packets from `from` to `to`; destination port of those that come back (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** TCP or UDP destination port of packets from `from` to `to` (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** What has not come out after so many milliseconds is lost; what is younger at the end is unfinished (integer, 1 to 60,000). Default 1000. */
  timeoutMs?: number | undefined;
  /** Inode of the network namespace that the devices are in; default: the one that commands run in (integer, at least 1). */
  netns?: number | undefined;
}

/** What {@link echoSummary} can be asked, beside what every probe can. */
export interface EchoSummaryParameters {
  /** A ping that has no reply after so many milliseconds is unanswered (integer, 1 to 60,000). Default 1000. */
  timeoutMs?: number | undefined;
  /** Inode of the network namespace to look at; default: the one that commands run in (integer, at least 1). */
  netns?: number | undefined;
  /** What to count by, in the order of the columns; default role. */
  by?: ("role" | "asker" | "answerer")[] | undefined;
  /** Address or prefix of who asks, IPv4 or IPv6. */
  asker?: string | undefined;
  /** Address or prefix of who is asked, IPv4 or IPv6. */
  answerer?: string | undefined;
}

/** What {@link echoTrace} can be asked, beside what every probe can. */
export interface EchoTraceParameters {
  /** Pings that took so long or longer altogether, in microseconds (integer, 0 to 60,000,000). Default 0. */
  slowerThanUs?: number | undefined;
  /** One of the same addresses, identifier and sequence number is another ping after so long (integer, 1 to 60,000). Default 1000. */
  timeoutMs?: number | undefined;
  /** Inode of the network namespace to look at; default: the one that commands run in (integer, at least 1). */
  netns?: number | undefined;
  /** Rows at most; what the kernel goes on counting beyond is said (integer, 1 to 10,000,000). Default 10000. */
  maxEvents?: number | undefined;
  /** Address or prefix of who asks, IPv4 or IPv6. */
  asker?: string | undefined;
  /** Address or prefix of who is asked, IPv4 or IPv6. */
  answerer?: string | undefined;
}

/** What {@link gapEvents} can be asked, beside what every probe can. */
export interface GapEventsParameters {
  /** Devices to look at, one or up to 8: `vnet1`, and the one that its packets leave by. */
  devices: string | string[];
  /** A flow that has no packet for so many milliseconds is silent (integer, 1 to 3,600,000). Default 100. */
  longerThanMs?: number | undefined;
  /** Inode of the network namespace that the devices are in; default: the one that commands run in (integer, at least 1). */
  netns?: number | undefined;
  /** Rows at most; what the kernel goes on counting beyond is said (integer, 1 to 10,000,000). Default 10000. */
  maxEvents?: number | undefined;
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Destination address or prefix, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** TCP, UDP or SCTP source port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** TCP, UDP or SCTP destination port (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
  /** IP protocol, by name or number ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP", or integer, 0 to 255). */
  protocol?: "TCP" | "UDP" | "ICMP" | "ICMPv6" | "SCTP" | number | undefined;
  /** VLAN identifier (IEEE 802.1Q), of either tag where there are two (integer, 0 to 4,095). */
  vlan?: number | undefined;
  /** VXLAN or Geneve network identifier; the other filters, and the columns, are of the packet inside then (integer, 0 to 16,777,215). */
  vni?: number | undefined;
}

/** What {@link gapSummary} can be asked, beside what every probe can. */
export interface GapSummaryParameters {
  /** Devices to look at, one or up to 8: `vnet1`, and the one that its packets leave by. */
  devices: string | string[];
  /** A flow that has no packet for so many milliseconds is silent (integer, 1 to 3,600,000). Default 100. */
  longerThanMs?: number | undefined;
  /** Inode of the network namespace that the devices are in; default: the one that commands run in (integer, at least 1). */
  netns?: number | undefined;
  /** What to count by, in the order of the columns; default device, direction. */
  by?: ("device" | "direction" | "flow")[] | undefined;
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Destination address or prefix, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** TCP, UDP or SCTP source port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** TCP, UDP or SCTP destination port (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
  /** IP protocol, by name or number ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP", or integer, 0 to 255). */
  protocol?: "TCP" | "UDP" | "ICMP" | "ICMPv6" | "SCTP" | number | undefined;
  /** VLAN identifier (IEEE 802.1Q), of either tag where there are two (integer, 0 to 4,095). */
  vlan?: number | undefined;
  /** VXLAN or Geneve network identifier; the other filters, and the columns, are of the packet inside then (integer, 0 to 16,777,215). */
  vni?: number | undefined;
}

/** What {@link flowInstalls} can be asked, beside what every probe can. */
export interface FlowInstallsParameters {
  /** `new`, `set` and `delete`, one or several. Default ["new","set","delete"]. */
  operations?: "new" | "set" | "delete" | ("new" | "set" | "delete")[] | undefined;
  /** Only what the kernel refused. Default false. */
  failed?: boolean | undefined;
  /** Only what took the kernel so long or longer, in microseconds (integer, 0 to 60,000,000). Default 0. */
  slowerThanUs?: number | undefined;
  /** Rows at most; what the kernel goes on counting beyond is said (integer, 1 to 10,000,000). Default 10000. */
  maxEvents?: number | undefined;
}

/** What {@link ovsActionEvents} can be asked, beside what every probe can. */
export interface OvsActionEventsParameters {
  /** Rows at most; what the kernel goes on counting beyond is said (integer, 1 to 10,000,000). Default 10000. */
  maxEvents?: number | undefined;
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Destination address or prefix, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** TCP, UDP or SCTP source port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** TCP, UDP or SCTP destination port (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
  /** IP protocol, by name or number ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP", or integer, 0 to 255). */
  protocol?: "TCP" | "UDP" | "ICMP" | "ICMPv6" | "SCTP" | number | undefined;
  /** Interface that the packet came in by. */
  device?: string | undefined;
  /** VLAN identifier (IEEE 802.1Q), of either tag where there are two (integer, 0 to 4,095). */
  vlan?: number | undefined;
  /** VXLAN or Geneve network identifier; the other filters, and the columns, are of the packet inside then (integer, 0 to 16,777,215). */
  vni?: number | undefined;
  /** Actions, one or several, in the words of ovs-dpctl: `output`, `ct`. */
  actions?: "unspec" | "output" | "userspace" | "set" | "push_vlan" | "pop_vlan" | "sample" | "recirc" | "hash" | "push_mpls" | "pop_mpls" | "set_masked" | "ct" | "trunc" | "push_eth" | "pop_eth" | "ct_clear" | "push_nsh" | "pop_nsh" | "meter" | "clone" | "check_pkt_len" | "add_mpls" | "dec_ttl" | "drop" | "psample" | ("unspec" | "output" | "userspace" | "set" | "push_vlan" | "pop_vlan" | "sample" | "recirc" | "hash" | "push_mpls" | "pop_mpls" | "set_masked" | "ct" | "trunc" | "push_eth" | "pop_eth" | "ct_clear" | "push_nsh" | "pop_nsh" | "meter" | "clone" | "check_pkt_len" | "add_mpls" | "dec_ttl" | "drop" | "psample")[] | undefined;
}

/** What {@link ovsActionSummary} can be asked, beside what every probe can. */
export interface OvsActionSummaryParameters {
  /** What to count by, in the order of the columns; default device, action, port. */
  by?: ("device" | "action" | "port" | "recirc_id" | "to_recirc_id" | "protocol" | "flow")[] | undefined;
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Destination address or prefix, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** TCP, UDP or SCTP source port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** TCP, UDP or SCTP destination port (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
  /** IP protocol, by name or number ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP", or integer, 0 to 255). */
  protocol?: "TCP" | "UDP" | "ICMP" | "ICMPv6" | "SCTP" | number | undefined;
  /** Interface that the packet came in by. */
  device?: string | undefined;
  /** VLAN identifier (IEEE 802.1Q), of either tag where there are two (integer, 0 to 4,095). */
  vlan?: number | undefined;
  /** VXLAN or Geneve network identifier; the other filters, and the columns, are of the packet inside then (integer, 0 to 16,777,215). */
  vni?: number | undefined;
  /** Actions, one or several, in the words of ovs-dpctl: `output`, `ct`. */
  actions?: "unspec" | "output" | "userspace" | "set" | "push_vlan" | "pop_vlan" | "sample" | "recirc" | "hash" | "push_mpls" | "pop_mpls" | "set_masked" | "ct" | "trunc" | "push_eth" | "pop_eth" | "ct_clear" | "push_nsh" | "pop_nsh" | "meter" | "clone" | "check_pkt_len" | "add_mpls" | "dec_ttl" | "drop" | "psample" | ("unspec" | "output" | "userspace" | "set" | "push_vlan" | "pop_vlan" | "sample" | "recirc" | "hash" | "push_mpls" | "pop_mpls" | "set_masked" | "ct" | "trunc" | "push_eth" | "pop_eth" | "ct_clear" | "push_nsh" | "pop_nsh" | "meter" | "clone" | "check_pkt_len" | "add_mpls" | "dec_ttl" | "drop" | "psample")[] | undefined;
}

/** What {@link upcallEvents} can be asked, beside what every probe can. */
export interface UpcallEventsParameters {
  /** Packets that waited so long or longer, in microseconds (integer, 0 to 60,000,000). Default 0. */
  slowerThanUs?: number | undefined;
  /** Also by which request of ovs-vswitchd packets were handed back, for `flowUpcalls`. */
  requests?: boolean | undefined;
  /** Rows at most; what the kernel goes on counting beyond is said (integer, 1 to 10,000,000). Default 10000. */
  maxEvents?: number | undefined;
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Destination address or prefix, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** TCP, UDP or SCTP source port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** TCP, UDP or SCTP destination port (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
  /** IP protocol, by name or number ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP", or integer, 0 to 255). */
  protocol?: "TCP" | "UDP" | "ICMP" | "ICMPv6" | "SCTP" | number | undefined;
  /** Port of the switch that packets came in by. */
  device?: string | undefined;
  /** VLAN identifier (IEEE 802.1Q), of either tag where there are two (integer, 0 to 4,095). */
  vlan?: number | undefined;
  /** VXLAN or Geneve network identifier; the other filters, and the columns, are of the packet inside then (integer, 0 to 16,777,215). */
  vni?: number | undefined;
}

/** What {@link upcallSummary} can be asked, beside what every probe can. */
export interface UpcallSummaryParameters {
  /** What to count by, in the order of the columns; default device, reason, error. */
  by?: ("device" | "reason" | "error")[] | undefined;
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Destination address or prefix, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** TCP, UDP or SCTP source port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** TCP, UDP or SCTP destination port (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
  /** IP protocol, by name or number ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP", or integer, 0 to 255). */
  protocol?: "TCP" | "UDP" | "ICMP" | "ICMPv6" | "SCTP" | number | undefined;
  /** Port of the switch that packets came in by. */
  device?: string | undefined;
  /** VLAN identifier (IEEE 802.1Q), of either tag where there are two (integer, 0 to 4,095). */
  vlan?: number | undefined;
  /** VXLAN or Geneve network identifier; the other filters, and the columns, are of the packet inside then (integer, 0 to 16,777,215). */
  vni?: number | undefined;
}

/** What {@link stageSummary} can be asked, beside what every probe can. */
export interface StageSummaryParameters {
  /** Where packets come in: a device or up to 8, such as a machine's tap `vnet1`, or `stack`: what the host itself sends. */
  from: string | string[];
  /** Where they go out: a device or up to 8, or `stack`: what the host itself takes, up to TCP, UDP or ICMP. */
  to: string | string[];
  /** Stages between where packets come in and go out that are looked at; default all that the host has. Each costs every packet of the host that passes it. */
  stages?: ("backlog" | "ovs_in" | "ovs_flow" | "upcall" | "conntrack" | "ovs_out" | "ip_in" | "ip_out" | "inner_queue" | "inner_driver" | "inner_rx" | "queue")[] | undefined;
  /** What has not gone out after so many milliseconds is lost; what is younger at the end is unfinished (integer, 1 to 60,000). Default 1000. */
  timeoutMs?: number | undefined;
  /** Inode of the network namespace that both ends are in; default: the one that commands run in (integer, at least 1). */
  netns?: number | undefined;
  /** What has rows of its own beside those of all packets: ["flow"], by addresses, ports and protocol as they come in, of the first 128 flows that are seen; default nothing. */
  by?: "flow"[] | undefined;
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Destination address or prefix, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** TCP, UDP or SCTP source port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** TCP, UDP or SCTP destination port (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
  /** IP protocol, by name or number ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP", or integer, 0 to 255). */
  protocol?: "TCP" | "UDP" | "ICMP" | "ICMPv6" | "SCTP" | number | undefined;
  /** VLAN identifier (IEEE 802.1Q), of either tag where there are two (integer, 0 to 4,095). */
  vlan?: number | undefined;
  /** VXLAN or Geneve network identifier; the other filters, and the columns, are of the packet inside then (integer, 0 to 16,777,215). */
  vni?: number | undefined;
}

/** What {@link stageTrace} can be asked, beside what every probe can. */
export interface StageTraceParameters {
  /** Where packets come in: a device or up to 8, such as a machine's tap `vnet1`, or `stack`: what the host itself sends. */
  from: string | string[];
  /** Where they go out: a device or up to 8, or `stack`: what the host itself takes, up to TCP, UDP or ICMP. */
  to: string | string[];
  /** Stages between where packets come in and go out that are looked at; default all that the host has. Each costs every packet of the host that passes it. */
  stages?: ("backlog" | "ovs_in" | "ovs_flow" | "upcall" | "conntrack" | "ovs_out" | "ip_in" | "ip_out" | "inner_queue" | "inner_driver" | "inner_rx" | "queue")[] | undefined;
  /** Inode of the network namespace that both ends are in; default: the one that commands run in (integer, at least 1). */
  netns?: number | undefined;
  /** Packets that took so long or longer, in microseconds, from where they come in to where they go out (integer, 0 to 60,000,000). Default 1000. */
  slowerThanUs?: number | undefined;
  /** Rows at most; what the kernel goes on counting beyond is said (integer, 1 to 10,000,000). Default 10000. */
  maxEvents?: number | undefined;
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Destination address or prefix, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** TCP, UDP or SCTP source port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** TCP, UDP or SCTP destination port (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
  /** IP protocol, by name or number ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP", or integer, 0 to 255). */
  protocol?: "TCP" | "UDP" | "ICMP" | "ICMPv6" | "SCTP" | number | undefined;
  /** VLAN identifier (IEEE 802.1Q), of either tag where there are two (integer, 0 to 4,095). */
  vlan?: number | undefined;
  /** VXLAN or Geneve network identifier; the other filters, and the columns, are of the packet inside then (integer, 0 to 16,777,215). */
  vni?: number | undefined;
}

/** What {@link queueSummary} can be asked, beside what every probe can. */
export interface QueueSummaryParameters {
  /** Frames received (`rx`) or sent (`tx`) only. */
  direction?: "rx" | "tx" | undefined;
  /** What to count by, in the order of the columns; default device, direction, queue. */
  by?: ("device" | "direction" | "queue" | "cpu" | "size" | "protocol" | "flow")[] | undefined;
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Destination address or prefix, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** TCP, UDP or SCTP source port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** TCP, UDP or SCTP destination port (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
  /** IP protocol, by name or number ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP", or integer, 0 to 255). */
  protocol?: "TCP" | "UDP" | "ICMP" | "ICMPv6" | "SCTP" | number | undefined;
  /** Interface whose driver sends or receives the frames. */
  device?: string | undefined;
  /** VLAN identifier (IEEE 802.1Q), of either tag where there are two (integer, 0 to 4,095). */
  vlan?: number | undefined;
  /** VXLAN or Geneve network identifier; the other filters, and the columns, are of the packet inside then (integer, 0 to 16,777,215). */
  vni?: number | undefined;
}

/** What {@link backlogEvents} can be asked, beside what every probe can. */
export interface BacklogEventsParameters {
  /** Packets that waited so long or longer, in microseconds (integer, 0 to 60,000,000). Default 1000. */
  slowerThanUs?: number | undefined;
  /** Kernel stack with every row, so many functions deep, up to 64; 0 or false for none, true for 8 (boolean, or integer, 0 to 64). */
  stacks?: boolean | number | undefined;
  /** Rows at most; what the kernel goes on counting beyond is said (integer, 1 to 10,000,000). Default 10000. */
  maxEvents?: number | undefined;
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Destination address or prefix, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** TCP, UDP or SCTP source port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** TCP, UDP or SCTP destination port (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
  /** IP protocol, by name or number ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP", or integer, 0 to 255). */
  protocol?: "TCP" | "UDP" | "ICMP" | "ICMPv6" | "SCTP" | number | undefined;
  /** Interface that packets come in by. */
  device?: string | undefined;
  /** VLAN identifier (IEEE 802.1Q), of either tag where there are two (integer, 0 to 4,095). */
  vlan?: number | undefined;
  /** VXLAN or Geneve network identifier; the other filters, and the columns, are of the packet inside then (integer, 0 to 16,777,215). */
  vni?: number | undefined;
}

/** What {@link backlogSummary} can be asked, beside what every probe can. */
export interface BacklogSummaryParameters {
  /** What to count by, in the order of the columns; default device, migrated. */
  by?: ("device" | "cpu" | "from_cpu" | "migrated" | "ksoftirqd")[] | undefined;
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Destination address or prefix, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** TCP, UDP or SCTP source port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** TCP, UDP or SCTP destination port (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
  /** IP protocol, by name or number ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP", or integer, 0 to 255). */
  protocol?: "TCP" | "UDP" | "ICMP" | "ICMPv6" | "SCTP" | number | undefined;
  /** Interface that packets come in by. */
  device?: string | undefined;
  /** VLAN identifier (IEEE 802.1Q), of either tag where there are two (integer, 0 to 4,095). */
  vlan?: number | undefined;
  /** VXLAN or Geneve network identifier; the other filters, and the columns, are of the packet inside then (integer, 0 to 16,777,215). */
  vni?: number | undefined;
}

/** What {@link irqSummary} can be asked, beside what every probe can. */
export interface IrqSummaryParameters {
  /** What to count by, in the order of the columns; default irq, name, cpu. */
  by?: ("irq" | "name" | "cpu" | "result")[] | undefined;
  /** Interrupts, by the number that /proc/interrupts shows: one, or up to 16 (integer, 0 to 1,000,000, or list of integer, 0 to 1,000,000, 1 to 16). */
  irqs?: number | number[] | undefined;
  /** What the name of the handler begins with, as /proc/interrupts shows it: `virtio0-input`. */
  name?: string | undefined;
}

/** What {@link softirqEvents} can be asked, beside what every probe can. */
export interface SoftirqEventsParameters {
  /** Softirqs that waited or ran so long or longer, in microseconds (integer, 0 to 60,000,000). Default 1000. */
  slowerThanUs?: number | undefined;
  /** Rows at most; what the kernel goes on counting beyond is said (integer, 1 to 10,000,000). Default 10000. */
  maxEvents?: number | undefined;
  /** One vector or several, as /proc/softirqs names them: `NET_RX`. */
  vectors?: "HI" | "TIMER" | "NET_TX" | "NET_RX" | "BLOCK" | "IRQ_POLL" | "TASKLET" | "SCHED" | "HRTIMER" | "RCU" | ("HI" | "TIMER" | "NET_TX" | "NET_RX" | "BLOCK" | "IRQ_POLL" | "TASKLET" | "SCHED" | "HRTIMER" | "RCU")[] | undefined;
}

/** What {@link softirqSummary} can be asked, beside what every probe can. */
export interface SoftirqSummaryParameters {
  /** What to count by, in the order of the columns; default vector. */
  by?: ("vector" | "cpu" | "ksoftirqd")[] | undefined;
  /** One vector or several, as /proc/softirqs names them: `NET_RX`. */
  vectors?: "HI" | "TIMER" | "NET_TX" | "NET_RX" | "BLOCK" | "IRQ_POLL" | "TASKLET" | "SCHED" | "HRTIMER" | "RCU" | ("HI" | "TIMER" | "NET_TX" | "NET_RX" | "BLOCK" | "IRQ_POLL" | "TASKLET" | "SCHED" | "HRTIMER" | "RCU")[] | undefined;
}

/** What {@link futexSummary} can be asked, beside what every probe can. */
export interface FutexSummaryParameters {
  /** How many functions deep stacks are, where `by` has them (integer, 1 to 64). Default 16. */
  stacks?: number | undefined;
  /** What to count by, in the order of the columns; default process, thread, address. */
  by?: ("command" | "process" | "thread" | "address" | "operation" | "result" | "user_stack")[] | undefined;
  /** Threads of this process, by the number that `ps -e` shows (integer, 1 to 4,194,304). */
  process?: number | undefined;
  /** Threads, by the number that `ps -eLo tid` shows: one, or up to 16 (integer, 1 to 4,194,304, or list of integer, 1 to 4,194,304, 1 to 16). */
  threads?: number | number[] | undefined;
}

/** What {@link lockSummary} can be asked, beside what every probe can. */
export interface LockSummaryParameters {
  /** The process, by the number that `ps -e` shows (integer, 1 to 4,194,304). */
  process: number;
  /** The functions that are watched. Default ["pthread_mutex_lock","pthread_rwlock_rdlock","pthread_rwlock_wrlock"]. */
  functions?: ("pthread_mutex_lock" | "pthread_rwlock_rdlock" | "pthread_rwlock_wrlock")[] | undefined;
  /** Whether other processes that run the same library may be stopped at each of their calls, too. Default false. */
  others?: boolean | undefined;
  /** How many functions deep stacks are, where `by` has them (integer, 1 to 64). Default 16. */
  stacks?: number | undefined;
  /** What to count by, in the order of the columns; default function, lock. */
  by?: ("function" | "lock" | "thread" | "command" | "result" | "caller" | "user_stack")[] | undefined;
  /** Threads, by the number that `ps -eLo tid` shows: one, or up to 16 (integer, 1 to 4,194,304, or list of integer, 1 to 4,194,304, 1 to 16). */
  threads?: number | number[] | undefined;
}

/** What {@link offCpuEvents} can be asked, beside what every probe can. */
export interface OffCpuEventsParameters {
  /** Only what took at least so many microseconds from leaving the CPU until running again; 0 for all (integer, 0 to 1,000,000,000). Default 1000. */
  slowerThanUs?: number | undefined;
  /** How many functions deep stacks are; 0 for none (integer, 0 to 64). Default 16. */
  stacks?: number | undefined;
  /** Rows at most; what the kernel goes on counting beyond is said (integer, 1 to 10,000,000). Default 10000. */
  maxEvents?: number | undefined;
  /** Threads, by the number that `ps -eLo tid` shows: one, or up to 16 (integer, 1 to 4,194,304, or list of integer, 1 to 4,194,304, 1 to 16). */
  threads?: number | number[] | undefined;
  /** Threads of this name, as `ps -eLo comm` shows it. */
  command?: string | undefined;
  /** Threads of this process, by the number that `ps -e` shows (integer, 1 to 4,194,304). */
  process?: number | undefined;
}

/** What {@link offCpuSummary} can be asked, beside what every probe can. */
export interface OffCpuSummaryParameters {
  /** How many functions deep stacks are, where `by` has them (integer, 1 to 64). Default 16. */
  stacks?: number | undefined;
  /** What to count by, in the order of the columns; default command, state, stack. */
  by?: ("command" | "thread" | "process" | "state" | "stack" | "user_stack")[] | undefined;
  /** Threads, by the number that `ps -eLo tid` shows: one, or up to 16 (integer, 1 to 4,194,304, or list of integer, 1 to 4,194,304, 1 to 16). */
  threads?: number | number[] | undefined;
  /** Threads of this name, as `ps -eLo comm` shows it. */
  command?: string | undefined;
  /** Threads of this process, by the number that `ps -e` shows (integer, 1 to 4,194,304). */
  process?: number | undefined;
}

/** What {@link runQueueSummary} can be asked, beside what every probe can. */
export interface RunQueueSummaryParameters {
  /** What to count by, in the order of the columns; default command. */
  by?: ("command" | "thread" | "cpu")[] | undefined;
  /** Threads, by the number that `ps -eLo tid` shows: one, or up to 16 (integer, 1 to 4,194,304, or list of integer, 1 to 4,194,304, 1 to 16). */
  threads?: number | number[] | undefined;
  /** Threads of this name, as `ps -eLo comm` shows it. */
  command?: string | undefined;
}

/** What {@link wakeupEvents} can be asked, beside what every probe can. */
export interface WakeupEventsParameters {
  /** Only what took at least so many microseconds from the wake-up until the thread runs; 0 for all (integer, 0 to 1,000,000,000). Default 1000. */
  slowerThanUs?: number | undefined;
  /** Rows at most; what the kernel goes on counting beyond is said (integer, 1 to 10,000,000). Default 10000. */
  maxEvents?: number | undefined;
  /** Threads, by the number that `ps -eLo tid` shows: one, or up to 16 (integer, 1 to 4,194,304, or list of integer, 1 to 4,194,304, 1 to 16). */
  threads?: number | number[] | undefined;
  /** Threads of this name, as `ps -eLo comm` shows it. */
  command?: string | undefined;
}

/** What {@link wakeupSummary} can be asked, beside what every probe can. */
export interface WakeupSummaryParameters {
  /** What to count by, in the order of the columns; default idle_state. */
  by?: ("command" | "thread" | "cpu" | "waker_cpu" | "idle_state")[] | undefined;
  /** Threads, by the number that `ps -eLo tid` shows: one, or up to 16 (integer, 1 to 4,194,304, or list of integer, 1 to 4,194,304, 1 to 16). */
  threads?: number | number[] | undefined;
  /** Threads of this name, as `ps -eLo comm` shows it. */
  command?: string | undefined;
}

/** What {@link acceptSummary} can be asked, beside what every probe can. */
export interface AcceptSummaryParameters {
  /** What to count by, in the order of the columns; default own_port, process. */
  by?: ("own_port" | "own" | "peer" | "peer_port" | "flow" | "process")[] | undefined;
  /** Own address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Address or prefix of the peer, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** Own port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** Port of the peer (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
}

/** What {@link readLatencySummary} can be asked, beside what every probe can. */
export interface ReadLatencySummaryParameters {
  /** What to count by, in the order of the columns; default own_port, peer. */
  by?: ("peer" | "own" | "own_port" | "peer_port" | "flow" | "socket" | "process")[] | undefined;
  /** Own address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Address or prefix of the peer, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** Own port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** Port of the peer (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
}

/** What {@link recvSummary} can be asked, beside what every probe can. */
export interface RecvSummaryParameters {
  /** What to count by, in the order of the columns; default process, call, outcome. */
  by?: ("process" | "thread" | "command" | "call" | "outcome")[] | undefined;
  /** Calls of this process, by the number that `ps -e` shows (integer, 1 to 4,194,304). */
  process?: number | undefined;
}

/** What {@link tcpConnectEvents} can be asked, beside what every probe can. */
export interface TcpConnectEventsParameters {
  /** Only what took at least so many microseconds; 0 for all, and for what has no time (integer, 0 to 1,000,000,000). Default 0. */
  slowerThanUs?: number | undefined;
  /** Only connections that failed. Default false. */
  failed?: boolean | undefined;
  /** Rows at most; what the kernel goes on counting beyond is said (integer, 1 to 10,000,000). Default 10000. */
  maxEvents?: number | undefined;
  /** Own address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Address or prefix of the peer, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** Port that connections are made to: the peer's where the host connects, its own where it accepts (integer, 0 to 65,535). */
  port?: number | undefined;
}

/** What {@link tcpConnectSummary} can be asked, beside what every probe can. */
export interface TcpConnectSummaryParameters {
  /** What to count by, in the order of the columns; default peer, port, result. */
  by?: ("peer" | "own" | "port" | "process" | "result")[] | undefined;
  /** Own address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Address or prefix of the peer, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** Port that connections are made to: the peer's where the host connects, its own where it accepts (integer, 0 to 65,535). */
  port?: number | undefined;
}

/** What {@link tcpEvents} can be asked, beside what every probe can. */
export interface TcpEventsParameters {
  /** Which of them, one or several; default all. */
  events?: "retransmission" | "synack retransmission" | "reset sent" | "reset received" | "congestion state" | ("retransmission" | "synack retransmission" | "reset sent" | "reset received" | "congestion state")[] | undefined;
  /** Rows at most; what the kernel goes on counting beyond is said (integer, 1 to 10,000,000). Default 10000. */
  maxEvents?: number | undefined;
  /** Own address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Address or prefix of the peer, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** Own port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** Port of the peer (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
}

/** What {@link tcpFlightSummary} can be asked, beside what every probe can. */
export interface TcpFlightSummaryParameters {
  /** What to count by, in the order of the columns; default flow. */
  by?: ("peer" | "own" | "own_port" | "peer_port" | "flow" | "socket")[] | undefined;
  /** Own address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Address or prefix of the peer, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** Own port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** Port of the peer (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
}

/** What {@link tcpRttSummary} can be asked, beside what every probe can. */
export interface TcpRttSummaryParameters {
  /** What to count by, in the order of the columns; default peer. */
  by?: ("peer" | "own" | "own_port" | "peer_port" | "flow" | "socket")[] | undefined;
  /** Own address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Address or prefix of the peer, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** Own port (integer, 0 to 65,535). */
  srcPort?: number | undefined;
  /** Port of the peer (integer, 0 to 65,535). */
  dstPort?: number | undefined;
  /** Port of either end (integer, 0 to 65,535). */
  port?: number | undefined;
}
