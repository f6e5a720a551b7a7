import { z } from "zod";
import { deviceName } from "../../lib/hosts/index.js";
import { isPrefix } from "../../lib/probes/index.js";

export const prefix = z
  .string()
  .refine(isPrefix, "has to be an IPv4 or IPv6 address, or a prefix such as 198.51.100.0/24");
export const port = z.int().min(0).max(65_535);

/** Which packets to look at. All given filters have to match; they work in the kernel of the host. */
export interface PacketFilterParameters {
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src?: string | undefined;
  /** Destination address or prefix, IPv4 or IPv6. */
  dst?: string | undefined;
  /** Address or prefix of either end. */
  ip?: string | undefined;
  /** TCP, UDP or SCTP source port. */
  srcPort?: number | undefined;
  /** TCP, UDP or SCTP destination port. */
  dstPort?: number | undefined;
  /** Port of either end. */
  port?: number | undefined;
  /** IP protocol, by name or number. */
  protocol?: "TCP" | "UDP" | "ICMP" | "ICMPv6" | "SCTP" | number | undefined;
  /** Interface that the packet is on when it is seen. */
  device?: string | undefined;
}

export const packetFilters = {
  src: prefix.optional(),
  dst: prefix.optional(),
  ip: prefix.optional(),
  srcPort: port.optional(),
  dstPort: port.optional(),
  port: port.optional(),
  protocol: z.union([z.enum(["TCP", "UDP", "ICMP", "ICMPv6", "SCTP"]), z.int().min(0).max(255)]).optional(),
  device: deviceName.optional(),
};

const PacketFilters = z.strictObject(packetFilters);
export type PacketFilters = z.output<typeof PacketFilters>;
