import type { Hooks } from "../../lib/probes/index.js";

/** Stages inside one host, by their numbers: in the order in which a packet mostly passes them. */
export const stageNames = [
  "stack_out",
  "backlog",
  "rx",
  "ovs_in",
  "ovs_flow",
  "upcall",
  "upcall_back",
  "conntrack",
  "ovs_out",
  "ip_in",
  "ip_out",
  "inner_queue",
  "inner_driver",
  "inner_rx",
  "queue",
  "driver",
  "transport_in",
] as const;
type StageName = (typeof stageNames)[number];

export const stage = (name: StageName): number => stageNames.indexOf(name);

/** Those that can be left out: where packets come in and go out is always looked at. */
export const middleStages = [
  ...(["backlog", "ovs_in", "ovs_flow", "upcall", "conntrack", "ovs_out", "ip_in", "ip_out"] as const),
  ...(["inner_queue", "inner_driver", "inner_rx", "queue"] as const),
] as const satisfies readonly StageName[];
export type MiddleStage = (typeof middleStages)[number];

export const receiveHook = "tracepoint:net:netif_receive_skb";
export const queueHook = "tracepoint:net:net_dev_queue";
export const transmitHook = "tracepoint:net:net_dev_start_xmit";
/** Into the backlog of a CPU: also by RPS, or of devices without a queue of their own alone. */
export const backlogHooks = ["kprobe:enqueue_to_backlog", "tracepoint:net:netif_rx"] as const;

/** Functions of one stage each, with the place of the packet among their arguments, and the IP version where they have one only. */
export const functionStages: readonly FunctionStage[] = [
  { function: "ovs_vport_receive", stage: "ovs_in", argument: 1 },
  { function: "ovs_dp_process_packet", stage: "ovs_flow", argument: 0 },
  { function: "nf_conntrack_in", stage: "conntrack", argument: 0 },
  { function: "ovs_vport_send", stage: "ovs_out", argument: 1 },
  { function: "ip_rcv_core", stage: "ip_in", argument: 0, version: 4 },
  { function: "ip6_rcv_core", stage: "ip_in", argument: 0, version: 6 },
  { function: "ip_output", stage: "ip_out", argument: 2, version: 4 },
];

interface FunctionStage {
  function: string;
  stage: MiddleStage;
  argument: number;
  version?: 4 | 6;
}

/** What cuts a packet into others. */
export const cuts: readonly Omit<FunctionStage, "stage">[] = [
  { function: "skb_segment", argument: 0 },
  { function: "ip_do_fragment", argument: 2, version: 4 },
  { function: "ip6_fragment", argument: 2, version: 6 },
];

/** Where the host's own packets come from, of each IP version; of TCP over IPv6 `ip6_output` is the first that has its headers. */
export const stackOut = [
  { function: "__ip_local_out", version: 4, etherType: 0x800 },
  { function: "__ip6_local_out", version: 6, etherType: 0x86dd },
] as const;
export const tcp6Out = "inet6_csk_xmit";
export const ip6Out = "ip6_output";

/** Where the host takes packets itself. */
export const transportIn = [
  { function: "tcp_v4_rcv", version: 4 },
  { function: "__udp4_lib_rcv", version: 4 },
  { function: "icmp_rcv", version: 4 },
  { function: "tcp_v6_rcv", version: 6 },
  { function: "udpv6_rcv", version: 6 },
  { function: "icmpv6_rcv", version: 6 },
] as const;

export const upcallHook = "kprobe:ovs_dp_upcall";
export const answerHook = "kprobe:ovs_flow_key_extract_userspace";
export const expandHead = "pskb_expand_head";

const kprobe = (one: { function: string }) => `kprobe:${one.function}`;
const ofModules: readonly string[] = ["ovs_in", "ovs_flow", "conntrack", "ovs_out"];

export const stageHooks: Hooks = {
  required: [receiveHook, queueHook, transmitHook],
  oneOf: [backlogHooks],
  optional: [
    ...functionStages.filter((one) => !ofModules.includes(one.stage)).map(kprobe),
    `kprobe:${ip6Out}`,
    `kprobe:${tcp6Out}`,
    ...stackOut.map(kprobe),
    ...transportIn.map(kprobe),
    ...cuts.map(kprobe),
    `kprobe:${expandHead}`,
    `kretprobe:${expandHead}`,
  ],
  whereLoaded: [
    ...functionStages.filter((one) => ofModules.includes(one.stage)).map(kprobe),
    upcallHook,
    answerHook,
  ],
};
