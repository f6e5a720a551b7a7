import { bpftrace, type Fragment, type Target } from "../../lib/probes/index.js";
import type { Column, Value } from "../../lib/tables/index.js";
import type { PacketKind } from "./fields.js";
import { etherTypeName } from "./protocols.js";

/** Structs whose fields {@link readHeaders} depends on. */
export const headerStructs = ["sk_buff"];

/** Columns of the headers of layers 2 to 4; {@link headerValues} fills them. */
export const headerColumns: readonly Column[] = [
  {
    name: "eth_src",
    type: "VARCHAR",
    meaning: "source MAC address; null where the frame has no Ethernet header",
  },
  { name: "eth_dst", type: "VARCHAR", meaning: "destination MAC address" },
  { name: "ether_type", type: "VARCHAR", meaning: "EtherType of the frame's header, behind a VLAN tag" },
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
    name: "arp_op",
    type: "INTEGER",
    meaning: "ARP operation: 1 request, 2 reply; src and dst are then its sender and target",
  },
  { name: "ip_id", type: "INTEGER", meaning: "IPv4 identification" },
  { name: "ttl", type: "INTEGER", meaning: "IPv4 time to live or IPv6 hop limit" },
  {
    name: "tos",
    type: "INTEGER",
    meaning: "IPv4 type of service or IPv6 traffic class: DSCP and ECN (RFC 2474, 3168)",
  },
  { name: "tcp_flags", type: "VARCHAR", meaning: "TCP flags that are set" },
  { name: "tcp_payload_bytes", type: "INTEGER", unit: "bytes", meaning: "TCP data, by the headers" },
  { name: "icmp_type", type: "INTEGER", meaning: "ICMP or ICMPv6 type" },
  { name: "icmp_code", type: "INTEGER", meaning: "ICMP or ICMPv6 code" },
];

/** Words of a row that {@link headerValues} reads. */
export const headerWords = 5;

/** printf format and program text for what {@link readHeaders} read. Numbers share words: printf has little room on the kernel's stack. */
export const headerRow = {
  format: Array(headerWords).fill("%llu").join("\\t"),
  expressions: ["$ethdst", "$ethsrc", "$tag", "$iphdr", "$l4hdr"],
} as const;

/**
 * Statements that read the headers of the packet `$skb` that `parsePacket()` has parsed; before {@link headerRow}.
 *
 * @param kind `arp` for what is no IP but ARP.
 */
export function readHeaders(kind: PacketKind | "arp", target: Target): Fragment {
  return bpftrace`$ethdst = (uint64)0; $ethsrc = (uint64)0; $tag = (uint64)0; $iphdr = (uint64)0; $l4hdr = (uint64)0;
  if ($skb->mac_header != 65535 && $skb->mac_header + 14 <= $skb->network_header) {
    $mac = $skb->head + $skb->mac_header;
    $ethdst = (uint64)*(uint64 *)$mac & 0xffffffffffff; $ethdst = $ethdst | 0x1000000000000;
    $ethsrc = (uint64)*(uint64 *)($mac + 6) & 0xffffffffffff;
    $tag = (uint64)*(uint16 *)($mac + 12); $tag = ($tag >> 8) | (($tag & 255) << 8);
    if ($tag == 0x8100 || $tag == 0x88a8) {
      $tci = (uint64)*(uint16 *)($mac + 14); $inner = (uint64)*(uint16 *)($mac + 16);
      $tag = ($inner >> 8) | (($inner & 255) << 8) | (($tci >> 8) << 16) | (($tci & 255) << 24) | 0x100000000;
    }
  }
  ${tagBeside(target)}
  ${ofKind[kind]}`;
}

/** A tag that the NIC or the stack took out of the frame; how the kernel says that there is one has changed twice. */
function tagBeside(target: Target): Fragment {
  const fields = target.structs.get("sk_buff");
  if (fields === undefined) return bpftrace``;
  const present = fields.has("vlan_all")
    ? bpftrace`$skb->vlan_all != 0`
    : fields.has("vlan_present")
      ? bpftrace`$skb->vlan_present == 1`
      : bpftrace`($skb->vlan_tci & 0x1000) != 0`;
  return bpftrace`if (${present}) { $tag = ($tag & 0xffff) | (((uint64)$skb->vlan_tci) << 16) | 0x100000000; }`;
}

const ofL4 = bpftrace`if ($ports == 1 && $proto == 6) {
    $offset = (uint64)(*(uint8 *)($l4 + 12) >> 4) * 4;
    $l4hdr = (uint64)*(uint8 *)($l4 + 13) | (((uint64)$len - ((uint64)$l4 - (uint64)$net) - $offset) << 8 & 0xffffff00) | 0x100000000;
  }
  if ($part == 0 && ($proto == 1 || $proto == 58)) {
    $l4hdr = (uint64)*(uint8 *)$l4 | ((uint64)*(uint8 *)($l4 + 1) << 8) | 0x200000000;
  }`;

const ofKind: Record<PacketKind | "arp", Fragment> = {
  ipv4: bpftrace`$id = (uint64)*(uint16 *)($net + 4);
  $iphdr = ($id >> 8) | (($id & 255) << 8) | ((uint64)*(uint8 *)($net + 8) << 16) | ((uint64)*(uint8 *)($net + 1) << 24);
  ${ofL4}`,
  ipv6: bpftrace`$iphdr = ((uint64)*(uint8 *)($net + 7) << 16) | ((((uint64)*(uint8 *)$net & 15) << 4 | (uint64)*(uint8 *)($net + 1) >> 4) << 24);
  ${ofL4}`,
  arp: bpftrace`$l4hdr = (uint64)*(uint8 *)($net + 7) | 0x300000000;`,
  other: bpftrace``,
};

const flagNames = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];

/** Values of {@link headerColumns} from the words that {@link headerRow} printed; the version is as `packetRow()` printed it. */
export function headerValues(words: readonly string[], version: string | undefined): Value[] {
  const [dst, src, tag, ip, l4] = words.map(BigInt) as [bigint, bigint, bigint, bigint, bigint];
  const ethernet = dst >> 48n === 1n;
  const tagged = ((tag >> 32n) & 1n) === 1n;
  const layer4 = (kind: bigint, from: bigint, bits: bigint) =>
    l4 >> 32n === kind ? Number((l4 >> from) & ((1n << bits) - 1n)) : null;
  const flags = layer4(1n, 0n, 8n);
  return [
    ethernet ? macAddress(src) : null,
    ethernet ? macAddress(dst) : null,
    ethernet ? etherTypeName(Number(tag & 0xffffn)) : null,
    tagged ? Number((tag >> 16n) & 0xfffn) : null,
    tagged ? Number((tag >> 29n) & 7n) : null,
    layer4(3n, 0n, 8n),
    version === "4" ? Number(ip & 0xffffn) : null,
    version === "0" ? null : Number((ip >> 16n) & 0xffn),
    version === "0" ? null : Number((ip >> 24n) & 0xffn),
    flags === null ? null : flagNames.filter((_, bit) => (flags >> bit) & 1).join(" "),
    layer4(1n, 8n, 24n),
    layer4(2n, 0n, 8n),
    layer4(2n, 8n, 8n),
  ];
}

/** Its first byte stands lowest. */
function macAddress(address: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(address & 0xffff_ffff_ffffn);
  return (bytes.subarray(0, 6).toString("hex").match(/../g) ?? []).join(":");
}

/** What a reader must know where the host doesn't say how its kernel keeps tags. */
export function headerNotes(target: Target): string[] {
  return target.structs.has("sk_buff")
    ? []
    : [
        `kernel ${target.snapshot.kernel} doesn't say how it keeps VLAN tags beside a frame: only those in a frame are seen`,
      ];
}
