import { z } from "zod";
import { deviceName, type OwnConnection } from "../../hosts/index.js";
import { filter } from "../filter.js";
import { type Bpf, bpf } from "../text/bpf.js";
import { isNamed } from "../text/names.js";
import { type AddressWords, inPrefix, ipVersion, isPrefix } from "../text/prefix.js";
import { protocolNumber } from "./protocols.js";
import { packet } from "./values.js";

export const prefix = z
  .string()
  .refine(isPrefix, "has to be an IPv4 or IPv6 address, or a prefix such as 198.51.100.0/24");
export const port = z.int().min(0).max(65_535);

/** A prefix of no length has nothing to compare: it means all packets of its version. */
const lies = (words: AddressWords, value: string) =>
  /\/0+$/.test(value) ? bpf`${packet.version} == ${ipVersion(value)}` : inPrefix(words, value);
const versionOf = (address: string) => [ipVersion(address)] as const;
const hasPort = (value: number, which: Bpf) => bpf`(${packet.ports} == 1 && ${which} == ${value})`;

/** Which addresses to look at. */
export const addressFilters = {
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src: filter({
    schema: prefix,
    meaning: "source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`",
    test: (value) => lies(packet.src, value),
    versions: versionOf,
  }),
  /** Destination address or prefix, IPv4 or IPv6. */
  dst: filter({
    schema: prefix,
    meaning: "destination address or prefix, IPv4 or IPv6",
    test: (value) => lies(packet.dst, value),
    versions: versionOf,
  }),
  /** Address or prefix of either end. */
  ip: filter({
    schema: prefix,
    meaning: "address or prefix of either end",
    test: (value) => bpf`(${lies(packet.src, value)} || ${lies(packet.dst, value)})`,
    versions: versionOf,
  }),
};

/** Which packets to look at. All given filters have to match; they work in the kernel of the host. */
export const packetFilters = {
  ...addressFilters,
  /** TCP, UDP or SCTP source port. */
  srcPort: filter({
    schema: port,
    meaning: "TCP, UDP or SCTP source port",
    test: (value) => hasPort(value, packet.srcPort),
  }),
  /** TCP, UDP or SCTP destination port. */
  dstPort: filter({
    schema: port,
    meaning: "TCP, UDP or SCTP destination port",
    test: (value) => hasPort(value, packet.dstPort),
  }),
  /** Port of either end. */
  port: filter({
    schema: port,
    meaning: "port of either end",
    test: (value) =>
      bpf`(${packet.ports} == 1 && (${packet.srcPort} == ${value} || ${packet.dstPort} == ${value}))`,
  }),
  /** IP protocol, by name or number. */
  protocol: filter({
    schema: z.union([z.enum(["TCP", "UDP", "ICMP", "ICMPv6", "SCTP"]), z.int().min(0).max(255)]),
    meaning: "IP protocol, by name or number",
    test: (value) => bpf`(${packet.version} != 0 && ${packet.protocol} == ${protocolNumber(value)})`,
  }),
  /** Interface that the packet is on when it is seen. */
  device: filter({
    schema: deviceName,
    meaning: "interface that the packet is on when it is seen",
    test: (value) => isNamed(packet.device, value),
  }),
  /** VLAN identifier (IEEE 802.1Q), of either tag where there are two. */
  vlan: filter({
    schema: z.int().min(0).max(4_095),
    meaning: "VLAN identifier (IEEE 802.1Q), of either tag where there are two",
    test: (value) => {
      const tagged = 0x10000 | value;
      return bpf`((${packet.vlan} & 0x10fff) == ${tagged} || (${packet.vlanInner} & 0x10fff) == ${tagged})`;
    },
  }),
  /** VXLAN or Geneve network identifier; the other filters, and the columns, are of the packet inside then. */
  vni: filter({
    schema: z.int().min(0).max(0xffffff),
    meaning:
      "VXLAN or Geneve network identifier; the other filters, and the columns, are of the packet inside then",
    test: (value) => bpf`${packet.vni} == ${0x1000000 | value}`,
    inside: true,
  }),
};

/** True for packets of all connections but one. */
export function isNotOf({ client, server }: OwnConnection): Bpf {
  const goes = (from: typeof client, to: typeof client) =>
    bpf`(${packet.srcPort} == ${from.port} && ${packet.dstPort} == ${to.port} && ${inPrefix(packet.src, from.address)} && ${inPrefix(packet.dst, to.address)})`;
  return bpf`!(${packet.version} == ${ipVersion(server.address)} && ${packet.protocol} == 6 && (${goes(client, server)} || ${goes(server, client)}))`;
}
