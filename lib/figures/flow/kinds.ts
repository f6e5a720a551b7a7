import { alarm, grey, palette } from "../style.js";

const [blue, orange, green, pink, , vermilion, purple] = palette;

/** What a mark on the timeline stands for, and its shape and colour. */
export interface Kind {
  name: string;
  symbol: string;
  color: string;
  size: number;
}

/** A kind of packet: those for which `when`, SQL over the packet table, holds, and the `when` of no kind before it. */
export interface PacketKind extends Kind {
  when: string;
}

const icmpError = `(transport = 'icmp' AND icmp_type IN (3, 4, 5, 11, 12)) OR (transport = 'icmpv6' AND icmp_type < 128)`;
const flag = (name: string) => `tcp_flags LIKE '%${name}%'`;

/** From what a reader looks for first to what everything else is. */
export const packetKinds: readonly PacketKind[] = [
  { name: "ICMP error", symbol: "star", color: orange, size: 13, when: icmpError },
  { name: "RST", symbol: "x", color: "#222222", size: 10, when: flag("RST") },
  { name: "retransmission", symbol: "triangle-up", color: vermilion, size: 11, when: "retransmission" },
  { name: "SYN", symbol: "diamond", color: green, size: 10, when: flag("SYN") },
  { name: "FIN", symbol: "square", color: purple, size: 9, when: flag("FIN") },
  { name: "duplicate ACK", symbol: "triangle-down", color: pink, size: 9, when: "duplicate_ack > 0" },
  { name: "data", symbol: "circle", color: blue, size: 7, when: "tcp_len_bytes > 0" },
  { name: "ACK", symbol: "circle-open", color: grey, size: 7, when: "transport = 'tcp'" },
  { name: "packet", symbol: "circle", color: blue, size: 7, when: "true" },
];

/** A drop on the host, beside the packets of its direction. */
export const dropKind: Kind = { name: "drop on the host", symbol: "x-thin", color: alarm, size: 11 };
