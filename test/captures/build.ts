import { writeFileSync } from "node:fs";
import ipaddr from "ipaddr.js";

/** Packets made byte by byte, for what no known capture shows. Each function puts a header before what it is given. */

interface IpOptions {
  ttl?: number;
  id?: number;
  moreFragments?: boolean;
  /** Multiple of 8. */
  fragmentOffset?: number;
}

export interface TcpOptions {
  seq: number;
  ack?: number;
  flags: string;
  window?: number;
  /** Bytes of options, a multiple of 4. */
  options?: number[];
  /** So many bytes, or these. */
  payload?: number | Buffer;
}

const flagBits: Record<string, number> = {
  FIN: 1,
  SYN: 2,
  RST: 4,
  PSH: 8,
  ACK: 16,
  URG: 32,
  ECE: 64,
  CWR: 128,
};
const protocols = { icmp: 1, tcp: 6, udp: 17, gre: 47, esp: 50, icmpv6: 58 };
type Transport = keyof typeof protocols;

/** Writes a pcap file (nanoseconds, Ethernet) of frames with their times in seconds. */
export function writeCapture(
  path: string,
  frames: [seconds: number, frame: Buffer][],
  snapLength = 262_144,
  linkType = 1,
): void {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b23c4d, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(snapLength, 16);
  header.writeUInt32LE(linkType, 20);
  const records = frames.flatMap(([seconds, frame]) => {
    const kept = frame.subarray(0, snapLength);
    const record = Buffer.alloc(16);
    record.writeUInt32LE(1_700_000_000 + Math.floor(seconds), 0);
    record.writeUInt32LE(Math.round((seconds - Math.floor(seconds)) * 1e9), 4);
    record.writeUInt32LE(kept.length, 8);
    record.writeUInt32LE(frame.length, 12);
    return [record, kept];
  });
  writeFileSync(path, Buffer.concat([header, ...records]));
}

/** Link type of what Linux captures on `any`. */
export const linuxCooked = 113;

/** A frame as `any` has it: received by the host (0), or sent by it (4). */
export function cooked(frame: Buffer, direction: number): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt16BE(direction, 0);
  header.writeUInt16BE(1, 2);
  header.writeUInt16BE(6, 4);
  frame.copy(header, 6, 6, 12);
  frame.copy(header, 14, 12, 14);
  return Buffer.concat([header, frame.subarray(14)]);
}

/** An Ethernet frame around an IP packet. */
export function ethernet(packet: Buffer, { src = 1, dst = 2 } = {}): Buffer {
  const version = (packet[0] as number) >> 4;
  return Buffer.concat([
    Buffer.from([2, 0, 0, 0, 0, dst, 2, 0, 0, 0, 0, src, ...(version === 4 ? [8, 0] : [0x86, 0xdd])]),
    packet,
  ]);
}

/** An IPv4 or IPv6 packet, by its addresses, around a transport whose checksum it fills in. */
export function ip(
  src: string,
  dst: string,
  transport: Transport,
  payload: Buffer,
  options: IpOptions = {},
): Buffer {
  const { ttl = 64, id = 0, moreFragments = false, fragmentOffset = 0 } = options;
  const from = Buffer.from(ipaddr.parse(src).toByteArray());
  const to = Buffer.from(ipaddr.parse(dst).toByteArray());
  const body = Buffer.from(payload);
  const at = { tcp: 16, udp: 6, icmp: 2, icmpv6: 2, gre: -1, esp: -1 }[transport];
  if (at >= 0 && !moreFragments && fragmentOffset === 0) {
    const pseudo = Buffer.concat([
      from,
      to,
      Buffer.from([0, protocols[transport], body.length >> 8, body.length & 255]),
    ]);
    body.writeUInt16BE(0, at);
    body.writeUInt16BE(checksum(transport === "icmp" ? body : Buffer.concat([pseudo, body])), at);
  }
  if (from.length === 16) {
    const header = Buffer.from([
      0x60,
      0,
      0,
      0,
      body.length >> 8,
      body.length & 255,
      protocols[transport],
      ttl,
    ]);
    return Buffer.concat([header, from, to, body]);
  }
  const header = Buffer.concat([
    Buffer.from([0x45, 0, 0, 0, 0, 0, 0, 0, ttl, protocols[transport], 0, 0]),
    from,
    to,
  ]);
  header.writeUInt16BE(20 + body.length, 2);
  header.writeUInt16BE(id, 4);
  header.writeUInt16BE((moreFragments ? 0x2000 : 0) | (fragmentOffset / 8), 6);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, body]);
}

export function tcp(srcPort: number, dstPort: number, options: TcpOptions): Buffer {
  const { seq, ack = 0, flags, window = 1000, options: extra = [], payload = 0 } = options;
  const header = Buffer.alloc(20);
  header.writeUInt16BE(srcPort, 0);
  header.writeUInt16BE(dstPort, 2);
  header.writeUInt32BE(seq, 4);
  header.writeUInt32BE(ack, 8);
  header[12] = ((20 + extra.length) / 4) << 4;
  header[13] = flags.split(" ").reduce((bits, name) => bits | (flagBits[name] as number), 0);
  header.writeUInt16BE(window, 14);
  const body = typeof payload === "number" ? Buffer.alloc(payload, 0x61) : payload;
  return Buffer.concat([header, Buffer.from(extra), body]);
}

export function udp(srcPort: number, dstPort: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(srcPort, 0);
  header.writeUInt16BE(dstPort, 2);
  header.writeUInt16BE(8 + payload.length, 4);
  return Buffer.concat([header, payload]);
}

/** ICMP or ICMPv6: an echo's identifier and number, or an error's four bytes; then the quoted packet or data. */
export function icmp(type: number, code: number, rest: [number, number], payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header[0] = type;
  header[1] = code;
  header.writeUInt16BE(rest[0], 4);
  header.writeUInt16BE(rest[1], 6);
  return Buffer.concat([header, payload]);
}

/** A frame in VXLAN, to be put into UDP port 4789. */
export function vxlan(vni: number, frame: Buffer): Buffer {
  return Buffer.concat([Buffer.from([8, 0, 0, 0, vni >> 16, (vni >> 8) & 255, vni & 255, 0]), frame]);
}

/** What stands in a DNS message: a question, and how it was answered. */
export function dns(
  id: number,
  name: string,
  { rcode, type = 1 }: { rcode?: number; type?: number } = {},
): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(rcode === undefined ? 0x0100 : 0x8180 | rcode, 2);
  header.writeUInt16BE(1, 4);
  const labels = name.split(".").flatMap((label) => [label.length, ...Buffer.from(label)]);
  return Buffer.concat([header, Buffer.from([...labels, 0, 0, type, 0, 1])]);
}

function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] as number) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
