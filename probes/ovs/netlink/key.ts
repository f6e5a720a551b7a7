import { type Attribute, type Attributes, attributesIn, payloadOf } from "./attributes.js";
import { type Member, masked, members, type Show, show, sizeOf } from "./members.js";
import { tunnelText } from "./tunnel.js";
import { hexBytes, isFull, isZero, maskedFlags, setFlags } from "./values.js";

// enum ovs_key_attr and its structs (include/uapi/linux/openvswitch.h), in the words of ovs-dpctl.

export const keyType = {
  encap: 1,
  inPort: 3,
  ethernet: 4,
  vlan: 5,
  etherType: 6,
  ipv4: 7,
  ipv6: 8,
  tcp: 9,
  udp: 10,
  sctp: 17,
  recircId: 20,
} as const;

const ports: readonly Member[] = [
  ["src", 0, show.port],
  ["dst", 2, show.port],
];
const icmp: readonly Member[] = [
  ["type", 0, show.byte],
  ["code", 1, show.byte],
];
const tuple = (address: Show): readonly Member[] => [
  ["src", 0, address],
  ["dst", address.size, address],
  ["proto", 2 * address.size + 4, show.byte],
  ["tp_src", 2 * address.size, show.port],
  ["tp_dst", 2 * address.size + 2, show.port],
];

export const structs: { readonly [name in "ethernet" | "ipv4" | "ipv6" | "ports"]: readonly Member[] } = {
  ethernet: [
    ["src", 0, show.mac],
    ["dst", 6, show.mac],
  ],
  ipv4: [
    ["src", 0, show.ip4],
    ["dst", 4, show.ip4],
    ["proto", 8, show.byte],
    ["tos", 9, show.hexByte],
    ["ttl", 10, show.byte],
    ["frag", 11, show.fragment],
  ],
  ipv6: [
    ["src", 0, show.ip6],
    ["dst", 16, show.ip6],
    ["label", 32, show.label],
    ["proto", 36, show.byte],
    ["tclass", 37, show.hexByte],
    ["hlimit", 38, show.byte],
    ["frag", 39, show.fragment],
  ],
  ports,
};

const arp: readonly Member[] = [
  ["sip", 0, show.ip4],
  ["tip", 4, show.ip4],
  ["op", 8, show.port],
  ["sha", 10, show.mac],
  ["tha", 16, show.mac],
];
const neighbour: readonly Member[] = [
  ["target", 0, show.ip6],
  ["sll", 16, show.mac],
  ["tll", 22, show.mac],
];

/** Attributes that are one value, and those that are a struct. */
const scalars = new Map<number, [name: string, how: Show]>([
  [2, ["skb_priority", show.hostHex]],
  [keyType.inPort, ["in_port", show.host32]],
  [keyType.etherType, ["eth_type", show.etherType]],
  [15, ["skb_mark", show.hostHex]],
  [19, ["dp_hash", show.hostHex]],
  [keyType.recircId, ["recirc_id", show.hostHex]],
  [23, ["ct_zone", show.host16]],
  [24, ["ct_mark", show.hostHex]],
  [25, ["ct_label", show.wide]],
]);
const structured = new Map<number, [name: string, all: readonly Member[]]>([
  [keyType.ethernet, ["eth", structs.ethernet]],
  [keyType.ipv4, ["ipv4", structs.ipv4]],
  [keyType.ipv6, ["ipv6", structs.ipv6]],
  [keyType.tcp, ["tcp", ports]],
  [keyType.udp, ["udp", ports]],
  [11, ["icmp", icmp]],
  [12, ["icmpv6", icmp]],
  [13, ["arp", arp]],
  [14, ["nd", neighbour]],
  [keyType.sctp, ["sctp", ports]],
  [26, ["ct_tuple4", tuple(show.ip4)]],
  [27, ["ct_tuple6", tuple(show.ip6)]],
]);
const [tunnel, tcpFlags, mpls, ctState] = [16, 18, 21, 22];

const tcpFlagNames = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns"];
const ctStateNames = ["new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat"];

/** In which order ovs-dpctl says them; the others come behind, as they stand. */
const order = [keyType.recircId, 19, 2, tunnel, keyType.inPort, 15, ctState, 23, 24, 25, 26, 27];

/** No packet has as many tags. */
const mostDepth = 4;

/**
 * What a flow looks at, as `ovs-dpctl dump-flows` writes it.
 *
 * @param mask which bits count; null where all do.
 */
export function keyText(key: Attributes, mask: Attributes | null, depth = 0): string {
  const place = ({ type }: Attribute) => (order.indexOf(type) + 1 || order.length + 1) - 1;
  return [...key.all]
    .sort((a, b) => place(a) - place(b))
    .map((one) =>
      attributeText(one, mask && (payloadOf(mask, one.type) ?? Buffer.alloc(one.payload.length)), depth),
    )
    .filter((text) => text !== "")
    .join(",");
}

/** One attribute of a key, or of what an action sets; nothing where any value fits. */
export function attributeText({ type, payload }: Attribute, mask: Buffer | null, depth = 0): string {
  if (type === tunnel) return tunnelText(attributesIn(payload), mask && attributesIn(mask));
  if (type === keyType.encap && depth < mostDepth)
    return `encap(${keyText(attributesIn(payload), mask && attributesIn(mask), depth + 1)})`;
  const fits = (size: number) => payload.length >= size && (mask === null || mask.length >= size);
  const scalar = scalars.get(type);
  if (scalar !== undefined && fits(scalar[1].size)) {
    const [name, how] = scalar;
    const written = masked(how, payload, mask);
    return written === undefined ? "" : `${name}(${written})`;
  }
  const struct = structured.get(type);
  if (struct !== undefined && fits(sizeOf(struct[1]))) {
    const [name, all] = struct;
    const written = members(all, payload, mask);
    return written === "" && type !== keyType.ethernet ? "" : `${name}(${written})`;
  }
  if (type === keyType.vlan && fits(2))
    return vlanText(payload.readUInt16BE(0), mask?.readUInt16BE(0) ?? 0xffff);
  if (type === tcpFlags && fits(2))
    return tcpFlagsText(payload.readUInt16BE(0), mask?.readUInt16BE(0) ?? 0xfff);
  if (type === ctState && fits(4)) {
    const under = mask?.readUInt32LE(0) ?? 0xff;
    return under === 0 ? "" : `ct_state(${maskedFlags(ctStateNames, payload.readUInt32LE(0), under)})`;
  }
  if (type === mpls && payload.length >= 4 && (mask === null || isFull(mask)))
    return `mpls(${mplsText(payload.readUInt32BE(0))})`;
  if (mask !== null && isZero(mask)) return "";
  return `key${type}(${hexBytes(payload)}${mask === null || isFull(mask) ? "" : `/${hexBytes(mask)}`})`;
}

function tcpFlagsText(value: number, mask: number): string {
  if (mask === 0) return "";
  const all = (mask & 0xfff) === 0xfff;
  return `tcp_flags(${all ? setFlags(tcpFlagNames, value) : maskedFlags(tcpFlagNames, value, mask)})`;
}

/** Tag control information (IEEE 802.1Q), with the bit that says that there is a tag in place of the one for drop eligibility. */
function vlanText(value: number, mask: number): string {
  const part = (name: string, from: number, bits: number) => {
    const [here, under, full] = [(value >> from) & bits, (mask >> from) & bits, bits];
    if (under === 0) return [];
    return [`${name}=${here}${under === full ? "" : `/0x${under.toString(16)}`}`];
  };
  const tagged = (value & mask & 0x1000) !== 0 || (mask & 0x1000) === 0;
  return `vlan(${[...part("vid", 0, 0xfff), ...part("pcp", 13, 7), ...(tagged ? [] : ["cfi=0"])].join(",")})`;
}

/** `vid=10,pcp=3`, of an action. */
export function tagText(tci: number): string {
  return `vid=${tci & 0xfff},pcp=${tci >> 13}${tci & 0x1000 ? "" : ",cfi=0"}`;
}

/** A label stack entry (RFC 3032). */
export function mplsText(entry: number): string {
  return `label=${entry >>> 12},tc=${(entry >> 9) & 7},ttl=${entry & 0xff},bos=${(entry >> 8) & 1}`;
}
