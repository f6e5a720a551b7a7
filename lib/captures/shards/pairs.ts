import { Unsplittable } from "./records.js";

/** Address pairs are told apart by 16 bits of a hash: two that share a group only share a shard. */
const groups = 2 ** 16;
/** Everything without IP addresses. */
const noAddresses = groups;

/** Carry IP behind headers that are not read here; a connection inside may show up outside, too. */
const unreadEtherTypes = new Set([0x88e5, 0x88e7, 0x894f, 0x8926, 0x893f, 0x8903, 0x88dc]);
const unreadProtocols = new Set([55, 94, 97, 98, 108, 115, 137]);
/** Tunnels over UDP that are not read here, by the port they are sent to, and what their first two bytes look like. */
const unreadUdp = new Map<number, (first: number, second: number) => boolean>([
  [2152, (first, second) => first >> 4 === 3 && second === 0xff], // GTP
  [1701, (_, second) => (second & 15) === 2], // L2TP
  [3544, (first) => first >> 4 === 6 || first === 0], // Teredo
  [4790, (first) => (first & 0x0c) === 0x0c], // VXLAN-GPE
  [4754, (first, second) => (first & 0x4f) === 0 && (second & 7) === 0], // GRE
  [5247, (first) => first === 0], // CAPWAP
]);
/** Signalling tells tshark what conversations of other addresses are. */
const signalling = ["SIP/", "RTSP", "INVI", "SETU", "DESC", "CRCX", "REGI"].map((word) =>
  Buffer.from(word).readUInt32BE(),
);
const h323Port = 1720;

/**
 * Groups packets so that whatever tshark keeps in mind between two packets stays within a group: by unordered pair of addresses. A tunnel's
 * pairs, outer and inner, are one group, for their connections may be seen outside as well; an ICMP error goes with what it quotes.
 */
export class AddressPairs {
  private readonly parents = Int32Array.from({ length: groups + 1 }, (_, group) => group);
  private bytes: Buffer = Buffer.alloc(0);
  private end = 0;

  /** The group of a packet, as far as it is known by now: at the end, {@link find} says which group that became. */
  groupOf(bytes: Buffer, data: number, end: number, link: number): number {
    this.bytes = bytes;
    this.end = end;
    switch (link) {
      case 1:
        return this.ethernet(data);
      case 113:
        return this.etherType(data + 14, this.u16(data + 14), 2);
      case 276:
        return this.etherType(data, this.u16(data), 20);
      case 12:
      case 14:
      case 101:
      case 228:
      case 229:
        return this.ip(data);
      case 0:
      case 108:
        return this.ip(data + 4);
      default:
        throw new Unsplittable(`its link type is ${link}`);
    }
  }

  find(group: number): number {
    let root = group;
    while (this.parents[root] !== root) root = this.parents[root] as number;
    this.parents[group] = root;
    return root;
  }

  private join(outer: number, inner: number): number {
    if (inner === noAddresses) return outer;
    const [one, other] = [this.find(outer), this.find(inner)];
    if (one !== other) this.parents[one] = other;
    return outer;
  }

  private ethernet(at: number): number {
    return this.etherType(at + 12, this.u16(at + 12), 2);
  }

  /** What follows `length` bytes after the place of an EtherType. */
  private etherType(at: number, type: number, length: number): number {
    const next = at + length;
    switch (type) {
      case 0x0800:
      case 0x86dd:
        return this.ip(next);
      case 0x8100:
      case 0x88a8:
      case 0x9100:
      case 0x9200:
        return this.etherType(next + 2, this.u16(next + 2), 2);
      case 0x8847:
      case 0x8848:
        return this.mpls(next);
      case 0x8864:
        return this.u16(next + 6) === 0x21 || this.u16(next + 6) === 0x57 ? this.ip(next + 8) : noAddresses;
      case 0x6558:
        return this.ethernet(next);
      default:
        if (unreadEtherTypes.has(type))
          throw new Unsplittable(`it has frames of type 0x${type.toString(16)}`);
        return type < 1536 ? this.llc(next) : noAddresses;
    }
  }

  private llc(at: number): number {
    const snap = this.u16(at) === 0xaaaa && this.u8(at + 2) === 3;
    return snap ? this.etherType(at + 6, this.u16(at + 6), 2) : noAddresses;
  }

  private mpls(first: number): number {
    const at = this.belowLabels(first);
    const version = this.u8(at) >> 4;
    if (at < this.end && version !== 4 && version !== 6) throw new Unsplittable("it has MPLS pseudowires");
    return this.ip(at);
  }

  private belowLabels(first: number): number {
    let at = first;
    while (at + 4 <= this.end && (this.u8(at + 2) & 1) === 0) at += 4;
    return at + 4;
  }

  private ip(at: number): number {
    const version = this.u8(at) >> 4;
    if (version === 4) return this.ipv4(at);
    return version === 6 ? this.ipv6(at) : noAddresses;
  }

  private ipv4(at: number): number {
    if (at + 20 > this.end) return noAddresses;
    const pair = this.pair(at + 12, at + 16, 4);
    const first = (this.u16(at + 6) & 0x1fff) === 0;
    const next = at + (this.u8(at) & 15) * 4;
    return first ? this.payload(pair, this.u8(at + 9), next) : pair;
  }

  private ipv6(at: number): number {
    if (at + 40 > this.end) return noAddresses;
    const pair = this.pair(at + 8, at + 24, 16);
    let protocol = this.u8(at + 6);
    let next = at + 40;
    for (;;) {
      if (protocol === 43) throw new Unsplittable("it has IPv6 routing headers");
      if (protocol === 0 || protocol === 60) {
        protocol = this.u8(next);
        next += (this.u8(next + 1) + 1) * 8;
      } else if (protocol === 44) {
        if ((this.u16(next + 2) & 0xfff8) !== 0) return pair;
        protocol = this.u8(next);
        next += 8;
      } else break;
      if (next >= this.end) return pair;
    }
    return this.payload(pair, protocol, next);
  }

  private payload(pair: number, protocol: number, at: number): number {
    switch (protocol) {
      case 1:
        return [3, 4, 5, 11, 12].includes(this.u8(at)) ? this.quoted(pair, at + 8) : pair;
      case 58:
        return this.u8(at) < 128 ? this.quoted(pair, at + 8) : pair;
      case 4:
      case 41:
        return this.join(pair, this.ip(at));
      case 47:
        return this.gre(pair, at);
      case 51:
        return this.payload(pair, this.u8(at), at + (this.u8(at + 1) + 2) * 4);
      case 6:
        this.refuseSignalling(at, at + (this.u8(at + 12) >> 4) * 4);
        return pair;
      case 17:
        return this.udp(pair, at);
      default:
        if (unreadProtocols.has(protocol)) throw new Unsplittable(`it has IP protocol ${protocol}`);
        return pair;
    }
  }

  private quoted(pair: number, at: number): number {
    const group = this.ip(at);
    return group === noAddresses ? pair : group;
  }

  private udp(pair: number, at: number): number {
    this.refuseSignalling(at, at + 8);
    const port = this.u16(at + 2);
    if (port === 4341) return this.join(pair, this.ip(at + 16));
    if (port === 6635) return this.join(pair, this.ip(this.belowLabels(at + 8)));
    if (at + 10 <= this.end && unreadUdp.get(port)?.(this.u8(at + 8), this.u8(at + 9)))
      throw new Unsplittable(`it has a tunnel over UDP port ${port}`);
    if (port === 4789 || port === 8472) return this.join(pair, this.ethernet(at + 16));
    if (port === 6081) {
      const options = (this.u8(at + 8) & 0x3f) * 4;
      return this.join(pair, this.etherType(at + 10, this.u16(at + 10), 6 + options));
    }
    return pair;
  }

  private gre(pair: number, at: number): number {
    const flags = this.u8(at);
    const type = this.u16(at + 2);
    if ((this.u8(at + 1) & 7) !== 0 || ![0x0800, 0x86dd, 0x6558].includes(type))
      throw new Unsplittable(`it has GRE of type 0x${type.toString(16)}`);
    const options = (flags & 0x80 ? 4 : 0) + (flags & 0x20 ? 4 : 0) + (flags & 0x10 ? 4 : 0);
    return this.join(pair, this.etherType(at + 2, type, 2 + options));
  }

  private refuseSignalling(ports: number, payload: number): void {
    if (payload + 4 > this.end) return;
    const word = this.bytes.readUInt32BE(payload);
    const calls = this.u16(ports) === h323Port || this.u16(ports + 2) === h323Port;
    if (signalling.includes(word) || (calls && word >>> 16 === 0x0300))
      throw new Unsplittable("it has signalling that names other conversations");
  }

  private pair(one: number, other: number, length: number): number {
    // The same whichever of the two comes first.
    const sum = this.hash(one, length) + this.hash(other, length);
    return (Math.imul(sum ^ (sum >>> 15), 0x2c1b3c6d) >>> 16) & (groups - 1);
  }

  private hash(at: number, length: number): number {
    let hash = 0x9e3779b9;
    for (let word = at; word < at + length; word += 4) {
      hash = Math.imul(hash ^ this.bytes.readInt32LE(word), 0x85ebca6b);
      hash ^= hash >>> 13;
    }
    return hash >>> 1;
  }

  private u8(at: number): number {
    return at < this.end ? (this.bytes[at] as number) : 0;
  }

  private u16(at: number): number {
    return (this.u8(at) << 8) | this.u8(at + 1);
  }
}
