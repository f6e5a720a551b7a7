/** Verdicts of netfilter (include/uapi/linux/netfilter.h). */
export const verdicts = ["DROP", "ACCEPT", "STOLEN", "QUEUE", "REPEAT", "STOP"];

/** What a packet's state is here where it belongs to no connection; the kernel has three bits for it. */
export const unconnected = 8;

/** enum ip_conntrack_info (include/uapi/linux/netfilter/nf_conntrack_common.h). */
export const infos = [
  [unconnected, "INVALID"],
  [0, "ESTABLISHED"],
  [1, "RELATED"],
  [2, "NEW"],
  [3, "ESTABLISHED_REPLY"],
  [4, "RELATED_REPLY"],
  [7, "UNTRACKED"],
] as const;

/** Bits of enum ip_conntrack_status. */
export const statuses = [
  ...["EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED", "SRC_NAT", "DST_NAT", "SEQ_ADJUST", "SRC_NAT_DONE"],
  ...["DST_NAT_DONE", "DYING", "FIXED_TIMEOUT", "TEMPLATE", "NAT_CLASH", "HELPER", "OFFLOAD", "HW_OFFLOAD"],
];

/** enum tcp_conntrack (include/uapi/linux/netfilter/nf_conntrack_tcp.h). */
export const tcpStates = [
  ...["NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT"],
  ...["CLOSE", "SYN_SENT2"],
];
