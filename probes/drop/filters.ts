import { z } from "zod";
import { isPrefix } from "../../lib/probes/index.js";

const prefix = z
  .string()
  .refine(isPrefix, "has to be an IPv4 or IPv6 address, or a prefix such as 198.51.100.0/24");
const port = z.int().min(0).max(65_535);

/** Which drops to look at. All given filters have to match; they work in the kernel. */
export const dropFilters = {
  /** Source address or prefix, IPv4 or IPv6: `198.51.100.7`, `2001:db8::/32`. */
  src: prefix.optional(),
  /** Destination address or prefix. */
  dst: prefix.optional(),
  /** Address or prefix of either end. */
  ip: prefix.optional(),
  /** TCP, UDP or SCTP source port. */
  srcPort: port.optional(),
  /** TCP, UDP or SCTP destination port. */
  dstPort: port.optional(),
  /** Port of either end. */
  port: port.optional(),
  /** IP protocol, by name or number. */
  protocol: z.union([z.enum(["TCP", "UDP", "ICMP", "ICMPv6", "SCTP"]), z.int().min(0).max(255)]).optional(),
  /** Interface that the packet was on when it was dropped. */
  device: z
    .string()
    .regex(/^[\w.:@+-]{1,15}$/, "has to be the name of a network interface")
    .optional(),
  /** One reason or several, as the host's kernel names them: `NO_SOCKET`. */
  reason: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
};

export const DropFilters = z.strictObject(dropFilters);
export type DropFilters = z.output<typeof DropFilters>;
