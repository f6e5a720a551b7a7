import ipaddr from "ipaddr.js";

/** Columns that a frame has to be shown with; the rest is null. */
export interface Truth {
  ether_type: string;
  protocol: string;
  ip_version?: 4 | 6;
  src?: string;
  src_port?: number;
  dst?: string;
  dst_port?: number;
  length_bytes: number;
  vlan_id?: number;
  vlan_priority?: number;
  vlan_inner_id?: number;
  arp_op?: number;
  ip_id?: number;
  ttl?: number;
  tos?: number;
  tcp_flags?: string;
  tcp_payload_bytes?: number;
  icmp_type?: number;
  icmp_code?: number;
}

/** A frame that is made by hand, with what is in it. */
export interface Frame {
  name: string;
  bytes: Buffer;
  truth: Truth;
  /** What is inside, where it is a tunnel. */
  inside?: { vni: number; truth: Truth };
}

/** Documentation addresses (RFC 9542): the last byte of the source is the frame's own. */
export const macPrefix = "00:00:5e:00:53:";
const [mine, theirs] = [Buffer.from("00005e005300", "hex"), Buffer.from("00005e0053ff", "hex")];

const types = { IPv4: 0x0800, ARP: 0x0806, IPv6: 0x86dd, LLDP: 0x88cc } as const;
const numbers = { ICMP: 1, TCP: 6, UDP: 17, ICMPv6: 58, SCTP: 132 } as const;
type Protocol = keyof typeof numbers;

const u8 = (...values: number[]) => Buffer.from(values);
const u16 = (...values: number[]) => Buffer.concat(values.map((value) => u8(value >> 8, value & 0xff)));
const u32 = (value: number) => u16(value >>> 16, value & 0xffff);
const address = (text: string) => Buffer.from(ipaddr.parse(text).toByteArray());

interface Tag {
  type: 0x8100 | 0x88a8;
  id: number;
  priority: number;
}

/** What stands behind an Ethernet header: with its EtherType. */
interface Packet {
  type: keyof typeof types;
  bytes: Buffer;
  truth: Omit<Truth, "ether_type" | "vlan_id" | "vlan_priority" | "vlan_inner_id">;
}

function ethernet({ type, bytes }: Packet, source: Buffer, tags: readonly Tag[] = []): Buffer {
  const tagged = tags.map(({ type, id, priority }) => u16(type, (priority << 13) | id));
  return Buffer.concat([theirs, source, ...tagged, u16(types[type]), bytes]);
}

/** What stands behind the headers of IP. */
interface Segment {
  protocol: Protocol;
  bytes: Buffer;
  truth: Pick<Truth, "src_port" | "dst_port" | "tcp_flags" | "tcp_payload_bytes" | "icmp_type" | "icmp_code">;
}

function tcp(src_port: number, dst_port: number, data: number, options = 0): Segment {
  const flags = { bits: 0x18, tcp_flags: "PSH ACK" };
  const words = 5 + options;
  const head = [
    u16(src_port, dst_port),
    u32(0x01020304),
    u32(0xfffefdfc),
    u8(words << 4, flags.bits),
    u16(0xfaf0, 0, 0),
  ];
  return {
    protocol: "TCP",
    bytes: Buffer.concat([...head, Buffer.alloc(4 * options, 1), Buffer.alloc(data, "t")]),
    truth: { src_port, dst_port, tcp_flags: flags.tcp_flags, tcp_payload_bytes: data },
  };
}

function udp(src_port: number, dst_port: number, data: Buffer): Segment {
  const bytes = Buffer.concat([u16(src_port, dst_port, 8 + data.length, 0), data]);
  return { protocol: "UDP", bytes, truth: { src_port, dst_port } };
}

function sctp(src_port: number, dst_port: number): Segment {
  const bytes = Buffer.concat([u16(src_port, dst_port), u32(7), u32(0), u8(1, 0), u16(4)]);
  return { protocol: "SCTP", bytes, truth: { src_port, dst_port } };
}

function icmp(protocol: "ICMP" | "ICMPv6", icmp_type: number, icmp_code: number): Segment {
  const bytes = Buffer.concat([u8(icmp_type, icmp_code), u16(0, 0xabcd, 9), Buffer.alloc(20, "i")]);
  return { protocol, bytes, truth: { icmp_type, icmp_code } };
}

interface Ip4 {
  src?: string;
  dst?: string;
  /** In words of 4 bytes. */
  options?: number;
  /** In units of 8 bytes. */
  offset?: number;
  more?: boolean;
}

function ipv4(
  segment: Segment,
  { src = "192.0.2.10", dst = "198.51.100.20", options = 0, offset = 0, more = false }: Ip4 = {},
): Packet {
  const [id, ttl, tos] = [0xbeef, 61, 0xb9];
  const length_bytes = 20 + 4 * options + segment.bytes.length;
  const number = numbers[segment.protocol];
  const head = [
    u8(0x45 + options, tos),
    u16(length_bytes, id, (more ? 0x2000 : 0) | offset),
    u8(ttl, number),
    u16(0),
  ];
  const bytes = Buffer.concat([
    ...head,
    address(src),
    address(dst),
    Buffer.alloc(4 * options, 1),
    segment.bytes,
  ]);
  const inside = offset === 0 ? segment.truth : {};
  const truth = {
    protocol: segment.protocol,
    ip_version: 4 as const,
    src,
    dst,
    length_bytes,
    ip_id: id,
    ttl,
    tos,
    ...inside,
  };
  return { type: "IPv4", bytes, truth };
}

type Extension = { next: 0 | 43 | 60; units: number } | { next: 44; offset: number; more: boolean };

function ipv6(segment: Segment, extensions: readonly Extension[] = [], source = "2001:db8:a::10"): Packet {
  const [src, dst, ttl, tos] = [source, "2001:db8:b:1:2:3:4:20", 62, 0xb9];
  const following = [...extensions.slice(1).map(({ next }) => next), numbers[segment.protocol]];
  const headers = extensions.map((one, index) => {
    const next = following[index] as number;
    if (one.next !== 44) return Buffer.concat([u8(next, one.units), Buffer.alloc(6 + 8 * one.units, 0)]);
    return Buffer.concat([u8(next, 0), u16((one.offset << 3) | (one.more ? 1 : 0)), u32(0xcafe0001)]);
  });
  const payload = Buffer.concat([...headers, segment.bytes]);
  const first = extensions[0]?.next ?? numbers[segment.protocol];
  const head = [u32(((0x6 << 28) | (tos << 20) | 0x12345) >>> 0), u16(payload.length), u8(first, ttl)];
  const bytes = Buffer.concat([...head, address(src), address(dst), payload]);
  const isLater = extensions.some((one) => one.next === 44 && one.offset > 0);
  const inside = isLater ? {} : segment.truth;
  const truth = {
    protocol: segment.protocol,
    ip_version: 6 as const,
    src,
    dst,
    length_bytes: bytes.length,
    ttl,
    tos,
    ...inside,
  };
  return { type: "IPv6", bytes, truth };
}

function arp(arp_op: number): Packet {
  const [src, dst] = ["192.0.2.30", "192.0.2.31"];
  const bytes = Buffer.concat([
    u16(1, 0x0800),
    u8(6, 4),
    u16(arp_op),
    mine,
    address(src),
    theirs,
    address(dst),
  ]);
  return { type: "ARP", bytes, truth: { protocol: "ARP", src, dst, length_bytes: bytes.length, arp_op } };
}

const lldp: Packet = {
  type: "LLDP",
  bytes: Buffer.alloc(46, 2),
  truth: { protocol: "LLDP", length_bytes: 46 },
};

const truthOf = ({ type, truth }: Packet, tags: readonly Tag[] = []): Truth => ({
  ...truth,
  ether_type: type,
  ...(tags[0] === undefined ? {} : { vlan_id: tags[0].id, vlan_priority: tags[0].priority }),
  ...(tags[1] === undefined ? {} : { vlan_inner_id: tags[1].id }),
});

interface Tunnel {
  inner: Packet;
  tags?: readonly Tag[];
  vni: number;
}

const innerFrame = ({ inner, tags }: Tunnel) => ethernet(inner, Buffer.from("00005e0053aa", "hex"), tags);

function vxlan(tunnel: Tunnel, flags = 8): Segment {
  return udp(49_152, 4_789, Buffer.concat([u8(flags, 0, 0, 0), u32(tunnel.vni << 8), innerFrame(tunnel)]));
}

function geneve(tunnel: Tunnel, options: number): Segment {
  const head = [u8(options, 0), u16(0x6558), u32(tunnel.vni << 8), Buffer.alloc(4 * options, 0x11)];
  return udp(49_153, 6_081, Buffer.concat([...head, innerFrame(tunnel)]));
}

const q = (id: number, priority = 0): Tag => ({ type: 0x8100, id, priority });
const ad = (id: number, priority = 0): Tag => ({ type: 0x88a8, id, priority });
const inner: Packet = ipv4(tcp(1_111, 443, 33), { src: "203.0.113.7", dst: "203.0.113.8" });
const inner6: Packet = ipv6(tcp(1_112, 443, 34), [], "2001:db8:c::7");

type Made = readonly [name: string, packet: Packet, tags?: readonly Tag[], tunnel?: Tunnel];

const tunnelled = (
  name: string,
  wrap: (tunnel: Tunnel) => Packet,
  tunnel: Tunnel,
  tags: readonly Tag[] = [],
): Made => [name, wrap(tunnel), tags, tunnel];

const made: readonly Made[] = [
  ["TCP over IPv4", ipv4(tcp(40_000, 80, 10))],
  ["TCP with options", ipv4(tcp(40_001, 80, 11, 5))],
  ["UDP over IPv4", ipv4(udp(40_002, 53, Buffer.alloc(12)))],
  ["SCTP over IPv4", ipv4(sctp(40_003, 80))],
  ["ICMP over IPv4", ipv4(icmp("ICMP", 3, 4))],
  ["ICMP of type 0", ipv4(icmp("ICMP", 0, 0))],
  ["another source and destination", ipv4(tcp(53, 40_000, 1), { src: "198.51.100.20", dst: "192.0.2.10" })],
  ["IPv4 with options", ipv4(tcp(40_004, 80, 13), { options: 3 })],
  ["IPv4 with all options that there can be", ipv4(udp(40_005, 53, Buffer.alloc(3)), { options: 10 })],
  ["first fragment of IPv4", ipv4(tcp(40_006, 80, 44), { more: true })],
  ["later fragment of IPv4", ipv4(tcp(40_007, 80, 44), { offset: 185, more: true })],
  ["last fragment of IPv4", ipv4(icmp("ICMP", 8, 0), { offset: 0x1fff })],
  ["TCP over IPv6", ipv6(tcp(40_008, 80, 14))],
  ["UDP over IPv6", ipv6(udp(40_009, 53, Buffer.alloc(15)))],
  ["SCTP over IPv6", ipv6(sctp(40_010, 80))],
  ["ICMPv6", ipv6(icmp("ICMPv6", 129, 1))],
  ["IPv6 with hop-by-hop options", ipv6(tcp(40_011, 80, 16), [{ next: 0, units: 0 }])],
  ["IPv6 with a routing header", ipv6(tcp(40_012, 80, 17), [{ next: 43, units: 2 }])],
  ["IPv6 with destination options", ipv6(udp(40_013, 53, Buffer.alloc(2)), [{ next: 60, units: 31 }])],
  [
    "IPv6 with three extension headers",
    ipv6(tcp(40_014, 80, 18), [
      { next: 0, units: 1 },
      { next: 60, units: 0 },
      { next: 43, units: 1 },
    ]),
  ],
  ["first fragment of IPv6", ipv6(tcp(40_015, 80, 40), [{ next: 44, offset: 0, more: true }])],
  ["later fragment of IPv6", ipv6(udp(40_016, 53, Buffer.alloc(16)), [{ next: 44, offset: 9, more: false }])],
  [
    "whole fragment of IPv6",
    ipv6(tcp(40_017, 80, 19), [
      { next: 0, units: 0 },
      { next: 44, offset: 0, more: false },
    ]),
  ],
  [
    "fragment of IPv6 with options behind its header",
    ipv6(tcp(40_018, 80, 20), [
      { next: 0, units: 0 },
      { next: 43, units: 0 },
      { next: 44, offset: 0, more: true },
      { next: 60, units: 1 },
    ]),
  ],
  ["ARP request", arp(1)],
  ["ARP reply", arp(2)],
  ["LLDP", lldp],
  ["802.1Q", ipv4(tcp(40_020, 80, 21)), [q(42, 5)]],
  ["802.1Q of VLAN 0", ipv4(tcp(40_021, 80, 22)), [q(0, 7)]],
  ["802.1Q with IPv6", ipv6(udp(40_022, 53, Buffer.alloc(1))), [q(4_094)]],
  ["802.1Q with ARP", arp(1), [q(43)]],
  ["802.1ad", ipv4(udp(40_023, 53, Buffer.alloc(1))), [ad(100, 3)]],
  ["802.1ad and 802.1Q", ipv4(tcp(40_024, 80, 23)), [ad(101, 2), q(42, 1)]],
  ["802.1ad and 802.1Q with IPv6", ipv6(icmp("ICMPv6", 128, 0)), [ad(42), q(102)]],
  ["802.1Q twice", ipv4(icmp("ICMP", 8, 0)), [q(103), q(104)]],
  tunnelled("VXLAN", (tunnel) => ipv4(vxlan(tunnel)), { inner, vni: 5_000 }),
  tunnelled("VXLAN of a tagged frame", (tunnel) => ipv4(vxlan(tunnel)), { inner, vni: 5_000, tags: [q(77)] }),
  tunnelled("VXLAN in a VLAN", (tunnel) => ipv4(vxlan(tunnel)), { inner, vni: 5_001 }, [q(42)]),
  tunnelled("VXLAN over IPv6", (tunnel) => ipv6(vxlan(tunnel)), { inner: inner6, vni: 0xffffff }),
  tunnelled("VXLAN with ARP", (tunnel) => ipv4(vxlan(tunnel)), { inner: arp(1), vni: 5_000 }),
  tunnelled("VXLAN without an identifier", (tunnel) => ipv4(vxlan(tunnel, 0)), { inner, vni: 5_000 }),
  tunnelled("Geneve", (tunnel) => ipv4(geneve(tunnel, 0)), { inner, vni: 5_000 }),
  tunnelled("Geneve with options", (tunnel) => ipv4(geneve(tunnel, 3)), { inner: inner6, vni: 5_000 }),
  tunnelled("Geneve with IPv4 options outside", (tunnel) => ipv4(geneve(tunnel, 63), { options: 2 }), {
    inner,
    vni: 0,
  }),
];

export const frames: readonly Frame[] = made.map(([name, packet, tags, tunnel], index) => {
  const source = Buffer.concat([mine.subarray(0, 5), u8(index)]);
  const known = tunnel !== undefined && !name.includes("without");
  return {
    name,
    bytes: ethernet(packet, source, tags),
    truth: truthOf(packet, tags),
    // Tags are those of the outer frame.
    ...(known
      ? {
          inside: {
            vni: tunnel.vni,
            truth: { ...truthOf(tunnel.inner), ...pickTags(truthOf(packet, tags)) },
          },
        }
      : {}),
  };
});

function pickTags({ vlan_id, vlan_priority, vlan_inner_id }: Truth): Partial<Truth> {
  return Object.fromEntries(
    Object.entries({ vlan_id, vlan_priority, vlan_inner_id }).filter(([, value]) => value !== undefined),
  );
}

/** Sends frames, one line of hexadecimal digits each, on an interface. */
export const sender = `
import socket, sys
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind((sys.argv[1], 0))
for line in sys.stdin:
    try: wire.send(bytes.fromhex(line))
    except OSError: pass  # What is dropped on its way out is an error to its sender.
`;
