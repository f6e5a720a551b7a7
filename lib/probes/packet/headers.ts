import type { Value } from "../../tables/index.js";
import { type Field, field, fields, numbers } from "../field.js";
import { bpf } from "../text/bpf.js";
import { etherTypeName } from "./protocols.js";
import { packet } from "./values.js";

const flagNames = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];

/** Headers of layers 2 to 4. Numbers share words: printf has little room on the kernel's stack. */
export const headerFields: readonly Field[] = [
  fields({
    columns: [
      {
        name: "eth_src",
        type: "VARCHAR",
        meaning: "source MAC address; null where the frame has no Ethernet header",
      },
      { name: "eth_dst", type: "VARCHAR", meaning: "destination MAC address" },
      { name: "ether_type", type: "VARCHAR", meaning: "EtherType of the frame, behind its VLAN tags" },
    ],
    words: numbers(3),
    say: () => [packet.ethSrc, packet.ethDst, packet.etherType],
    read: ([src = "0", dst = "0", type]) => {
      const there = BigInt(dst) >> 48n === 1n;
      return there ? [macAddress(src), macAddress(dst), etherTypeName(Number(type))] : [null, null, null];
    },
  }),
  fields({
    columns: [
      {
        name: "vlan_id",
        type: "INTEGER",
        meaning: "VLAN of the outermost tag, beside or in the frame; null without one",
      },
      {
        name: "vlan_priority",
        type: "INTEGER",
        meaning: "priority code point of that tag, 0 to 7 (IEEE 802.1Q)",
      },
      {
        name: "vlan_inner_id",
        type: "INTEGER",
        meaning: "VLAN of the second tag (802.1ad); null without one",
      },
    ],
    words: numbers(1),
    say: () => [bpf`${packet.vlan} | ${packet.vlanInner} << 32`],
    read: ([word = "0"]) => {
      const tag = (from: bigint) => {
        const bits = (BigInt(word) >> from) & 0x1ffffn;
        return bits >> 16n === 1n ? Number(bits & 0xffffn) : null;
      };
      const [outer, inner] = [tag(0n), tag(32n)];
      const id = (tag: number | null) => (tag === null ? null : tag & 0xfff);
      return [id(outer), outer === null ? null : outer >> 13, id(inner)];
    },
  }),
  field({
    name: "arp_op",
    type: "INTEGER",
    meaning: "ARP operation: 1 request, 2 reply; src and dst are then its sender and target",
    say: () => packet.arp,
    read: ([word]) => (word === "0" ? null : Number(word) & 0xffff),
  }),
  fields({
    columns: [
      { name: "ip_id", type: "INTEGER", meaning: "IPv4 identification" },
      { name: "ttl", type: "INTEGER", meaning: "IPv4 time to live or IPv6 hop limit" },
      {
        name: "tos",
        type: "INTEGER",
        meaning: "IPv4 type of service or IPv6 traffic class: DSCP and ECN (RFC 2474, 3168)",
      },
    ],
    words: numbers(1),
    say: () => [
      bpf`(${packet.id} & 0xffff) | ${packet.ttl} << 16 | ${packet.tos} << 24 | ${packet.version} << 32`,
    ],
    read: ([word = "0"]) => {
      const bits = BigInt(word);
      const version = Number(bits >> 32n);
      const byte = (from: bigint) => (version === 0 ? null : Number((bits >> from) & 0xffn));
      return [version === 4 ? Number(bits & 0xffffn) : null, byte(16n), byte(24n)];
    },
  }),
  fields({
    columns: [
      { name: "tcp_flags", type: "VARCHAR", meaning: "TCP flags that are set" },
      { name: "tcp_payload_bytes", type: "INTEGER", unit: "bytes", meaning: "TCP data, by the headers" },
    ],
    words: numbers(1),
    say: () => [bpf`${packet.tcpFlags} | (${packet.payload} & 0xffff) << 16`],
    read: ([word = "0"]) => readFlags(Number(word)),
  }),
  fields({
    columns: [
      { name: "icmp_type", type: "INTEGER", meaning: "ICMP or ICMPv6 type" },
      { name: "icmp_code", type: "INTEGER", meaning: "ICMP or ICMPv6 code" },
    ],
    words: numbers(1),
    say: () => [packet.icmp],
    read: ([word = "0"]) => {
      const bits = BigInt(word);
      return bits === 0n ? [null, null] : [Number(bits & 0xffn), Number((bits >> 8n) & 0xffn)];
    },
  }),
];

function readFlags(word: number): Value[] {
  if ((word & 0x100) === 0) return [null, null];
  return [flagNames.filter((_, bit) => (word >> bit) & 1).join(" "), word >>> 16];
}

/** Its first byte stands lowest. */
function macAddress(word: string): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(word) & 0xffff_ffff_ffffn);
  return (bytes.subarray(0, 6).toString("hex").match(/../g) ?? []).join(":");
}
