import { type Bpf, bpf, type Need, needing } from "../text/bpf.js";
import type { AddressWords } from "../text/prefix.js";

/** What {@link parsePacket} can be made to read. */
export const needs = {
  version: {},
  etherType: {},
  protocol: {},
  src: {},
  dst: {},
  ports: {},
  length: {},
  fragment: {},
  id: {},
  ttl: {},
  tos: {},
  transport: {},
  tcp: {},
  tcpFlags: {},
  icmp: {},
  payload: {},
  arp: {},
  device: {},
  deviceFirst: {},
  deviceSecond: {},
  ethernet: {},
  vlan: {},
  vni: {},
} as const satisfies Record<string, Need>;

const address = (need: Need, high: Bpf, low: Bpf): AddressWords => ({
  high: needing(need, high),
  low: needing(need, low),
});

/**
 * Program text for what is known of a parsed packet, in the machine's byte order; addresses stay as they stand in the packet. Only what is
 * named is read. 0 where a packet doesn't have it.
 */
export const packet = {
  /** 4 or 6; 0 for what isn't IP. */
  version: needing(needs.version, bpf`$version`),
  /** EtherType behind all VLAN tags. */
  etherType: needing(needs.etherType, bpf`$type`),
  /** IP protocol, behind IPv6's extension headers. */
  protocol: needing(needs.protocol, bpf`$proto`),
  src: address(needs.src, bpf`$srch`, bpf`$srcl`),
  dst: address(needs.dst, bpf`$dsth`, bpf`$dstl`),
  /** 1 where there are ports: of TCP, UDP and SCTP, but of no later fragment. */
  ports: needing(needs.ports, bpf`$ports`),
  srcPort: needing(needs.ports, bpf`$sport`),
  dstPort: needing(needs.ports, bpf`$dport`),
  /** Bytes of the IP packet, by its own header; of the frame where it isn't IP. */
  length: needing(needs.length, bpf`$len`),
  /** Fragment offset in units of 8 bytes (RFC 791), and in bit 13 that more fragments follow; 0 for what is whole. */
  fragment: needing(needs.fragment, bpf`$part`),
  /** IPv4 identification, or that of an IPv6 fragment. */
  id: needing(needs.id, bpf`$id`),
  /** Time to live, or hop limit. */
  ttl: needing(needs.ttl, bpf`$ttl`),
  /** Type of service, or traffic class. */
  tos: needing(needs.tos, bpf`$tos`),
  /** Pointer to the network header. */
  network: needing(needs.etherType, bpf`$net`),
  /** Pointer behind the headers of IP. */
  transport: needing(needs.transport, bpf`$l4`),
  /** TCP sequence and acknowledgement number. */
  seq: needing(needs.tcp, bpf`$seq`),
  ack: needing(needs.tcp, bpf`$ack`),
  /** TCP flags, and in bit 8 that there are any. */
  tcpFlags: needing(needs.tcpFlags, bpf`$flags`),
  /** Of ICMP and ICMPv6: type, code << 8, identifier << 16, sequence number << 32, and in bit 48 that there are any. */
  icmp: needing(needs.icmp, bpf`$icmp`),
  /** Bytes behind the headers of IP and, where it is TCP, UDP or ICMP and no later fragment, transport. */
  payload: needing(needs.payload, bpf`$payload`),
  /** ARP operation, and in bit 16 that there is one; `src` and `dst` are then ARP's sender and target. */
  arp: needing(needs.arp, bpf`$arp`),
  /** Pointer to the device that the packet is on; its name in two words. */
  dev: needing(needs.device, bpf`$dev`),
  device: { first: needing(needs.deviceFirst, bpf`$dev1`), second: needing(needs.deviceSecond, bpf`$dev2`) },
  /** Ethernet addresses: first byte lowest; bit 48 of the destination says that there are any. */
  ethDst: needing(needs.ethernet, bpf`$ethdst`),
  ethSrc: needing(needs.ethernet, bpf`$ethsrc`),
  /** Outermost VLAN tag: tag control information, and in bit 16 that there is one; `inner` that of a second one. */
  vlan: needing(needs.vlan, bpf`$vlan`),
  vlanInner: needing(needs.vlan, bpf`$vlan2`),
  /** VXLAN or Geneve network identifier, and in bit 24 that there is one: what stands above is of the packet inside then. */
  vni: needing(needs.vni, bpf`$vni`),
} as const;
