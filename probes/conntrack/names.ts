/** Verdicts of netfilter (include/uapi/linux/netfilter.h). */
const verdicts = ["DROP", "ACCEPT", "STOLEN", "QUEUE", "REPEAT", "STOP"];

/** enum ip_conntrack_info (include/uapi/linux/netfilter/nf_conntrack_common.h). */
const infos = new Map([
  [-1, "INVALID"],
  [0, "ESTABLISHED"],
  [1, "RELATED"],
  [2, "NEW"],
  [3, "ESTABLISHED_REPLY"],
  [4, "RELATED_REPLY"],
  [7, "UNTRACKED"],
] as const);

/** In which a packet can be. */
export const states = [...infos.values()] as const;

/** Bits of enum ip_conntrack_status. */
const statuses = [
  ...["EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED", "SRC_NAT", "DST_NAT", "SEQ_ADJUST", "SRC_NAT_DONE"],
  ...["DST_NAT_DONE", "DYING", "FIXED_TIMEOUT", "TEMPLATE", "NAT_CLASH", "HELPER", "OFFLOAD", "HW_OFFLOAD"],
];

/** enum tcp_conntrack (include/uapi/linux/netfilter/nf_conntrack_tcp.h). */
const tcpStates = [
  ...[
    "NONE",
    "SYN_SENT",
    "SYN_RECV",
    "ESTABLISHED",
    "FIN_WAIT",
    "CLOSE_WAIT",
    "LAST_ACK",
    "TIME_WAIT",
    "CLOSE",
  ],
  "SYN_SENT2",
];

export function verdictName(code: number): string {
  return verdicts[code] ?? `VERDICT_${code}`;
}

/** @param info the packet's; -1 where it belongs to no connection. */
export function stateName(info: number): string {
  return new Map<number, string>(infos).get(info) ?? `INFO_${info}`;
}

export function infoNumber(state: (typeof states)[number]): number {
  return [...infos].find(([, name]) => name === state)?.[0] as number;
}

/** @param status -1 where it is unknown. */
export function statusNames(status: number): string | null {
  return status < 0 ? null : statuses.filter((_, bit) => (status >> bit) & 1).join(" ");
}

/** @param state -1 where there is none. */
export function tcpStateName(state: number): string | null {
  return state < 0 ? null : (tcpStates[state] ?? `STATE_${state}`);
}

export function ownerName(owner: number): string {
  return owner === 1 ? "openvswitch" : "netfilter";
}
