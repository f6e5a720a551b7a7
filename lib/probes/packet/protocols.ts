/** Names of IP protocols (IANA) that the stack drops by name. */
const names = new Map([
  [1, "ICMP"],
  [2, "IGMP"],
  [6, "TCP"],
  [17, "UDP"],
  [47, "GRE"],
  [50, "ESP"],
  [58, "ICMPv6"],
  [132, "SCTP"],
]);

/** Names of EtherTypes (IANA). */
const etherTypes = new Map([
  [0x0800, "IPv4"],
  [0x0806, "ARP"],
  [0x8035, "RARP"],
  [0x8100, "VLAN"],
  [0x86dd, "IPv6"],
  [0x8847, "MPLS"],
  [0x88a8, "QinQ"],
  [0x88cc, "LLDP"],
]);

export function protocolName(number: number): string {
  return names.get(number) ?? `IP_${number}`;
}

export function protocolNumber(protocol: string | number): number {
  if (typeof protocol === "number") return protocol;
  return [...names].find(([, name]) => name === protocol)?.[0] as number;
}

export function etherTypeName(number: number): string {
  return etherTypes.get(number) ?? `ETHERTYPE_0x${number.toString(16).padStart(4, "0")}`;
}
