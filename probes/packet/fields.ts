import type { Column, Value } from "../../lib/tables/index.js";
import { etherTypeName, protocolName } from "./protocols.js";

/** What a parsed packet is, as its actions are called. */
export type PacketKind = "ipv4" | "ipv6" | "other";

/** Columns that say which packet it was; {@link packetValues} fills them. */
export const packetColumns: readonly Column[] = [
  { name: "ip_version", type: "INTEGER", meaning: "4 or 6; null for what isn't IP" },
  { name: "src", type: "VARCHAR", meaning: "source address" },
  { name: "src_port", type: "INTEGER", meaning: "TCP, UDP or SCTP source port" },
  { name: "dst", type: "VARCHAR", meaning: "destination address" },
  { name: "dst_port", type: "INTEGER", meaning: "TCP, UDP or SCTP destination port" },
  { name: "protocol", type: "VARCHAR", meaning: "IP protocol, or the EtherType of what isn't IP" },
  {
    name: "length_bytes",
    type: "INTEGER",
    unit: "bytes",
    meaning: "IP packet by its own header; frame where it isn't IP",
  },
];

/** Words of a row that {@link packetValues} reads. */
export const packetWords = 8;

/** Program text for source and destination of the packet whose header `$net` points to, by what it is. */
export const addressTexts = {
  ipv4: ["ntop(*(uint32 *)($net + 12))", "ntop(*(uint32 *)($net + 16))"],
  ipv6: [
    "ntop(((struct ipv6hdr *)$net)->saddr.in6_u.u6_addr8)",
    "ntop(((struct ipv6hdr *)$net)->daddr.in6_u.u6_addr8)",
  ],
  // Of Ethernet and IPv4 (RFC 826).
  arp: ["ntop(*(uint32 *)($net + 14))", "ntop(*(uint32 *)($net + 24))"],
  other: ['""', '""'],
} as const;

/**
 * printf format and program text for a packet that `parsePacket()` has parsed.
 *
 * @param kind `arp` for what is no IP but ARP, with its sender and target as addresses.
 * @param etherType program text for the EtherType of what isn't IP.
 */
export function packetRow(
  kind: PacketKind | "arp",
  etherType = "$type",
): { format: string; expressions: readonly string[] } {
  const version = { ipv4: "4", ipv6: "6", arp: "0", other: "0" }[kind];
  const [protocol, length] = version === "0" ? [etherType, "$skb->len"] : ["$proto", "$len"];
  return {
    format: `${version}\\t%s\\t%s\\t%d\\t%d\\t%d\\t%d\\t%d`,
    expressions: [...addressTexts[kind], "$ports", "$sport", "$dport", protocol, length],
  };
}

/** Values of {@link packetColumns} from the words that {@link packetRow} printed. */
export function packetValues(words: readonly string[]): Value[] {
  const [version, src, dst, ports, sport, dport, protocol, length] = words;
  return [
    version === "0" ? null : Number(version),
    src || null,
    ports === "1" ? Number(sport) : null,
    dst || null,
    ports === "1" ? Number(dport) : null,
    version === "0" ? etherTypeName(Number(protocol)) : protocolName(Number(protocol)),
    Number(length),
  ];
}
