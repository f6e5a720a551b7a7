import ipaddr from "ipaddr.js";
import { z } from "zod";
import { SkbookError } from "../../errors/index.js";

/**
 * Which conversations of a capture, and when. All conditions must hold, and a conversation is taken whole: both directions,
 * with the ICMP errors about it. In tunnels, addresses and ports are those of the tunnelled packets.
 */
export interface TrafficFilter {
  /** Address or prefix of either end: `192.0.2.1`, `2001:db8::/32`; several are alternatives. */
  ip?: string | string[];
  /** Address or prefix of the client: of who opened the conversation. */
  srcIp?: string | string[];
  /** Address or prefix of the server. */
  dstIp?: string | string[];
  /** Port of either end. */
  port?: number | number[];
  /** Transport (`tcp`, `udp`, `icmp`, `icmpv6`, `sctp`) or any layer that tshark finds in one of its packets: `dns`, `tls`, `vxlan`. */
  proto?: string;
  /** Ids as the column `flow` has them: `tcp 5`. */
  flow?: string | string[];
  /** From when: seconds since the capture's first packet, or a time of ISO 8601 with its zone, down to nanoseconds. Default: its start. */
  from?: number | string;
  /** Until when, inclusive; as `from`. Default: its end. */
  to?: number | string;
  /** One point of several that the capture was made at: the number of its interface in a pcapng file, from 0 in the order of `device`. */
  interface?: number;
  /** Display filter of Wireshark for the packets, applied before the rest. It drops packets, not conversations. */
  filter?: string;
  /**
   * Filter of tcpdump that cuts the file down before tshark reads it: the fast way into a big capture. It sees outer headers
   * only; frames and streams count within what is left. Give whole conversations (`host`, `port`), not directions.
   */
  bpf?: string;
}

const address = z
  .string()
  .refine(isPrefix, { error: "an address or a prefix: 192.0.2.1, 192.0.2.0/24, 2001:db8::/32" });
const addresses = z.union([address, z.array(address).nonempty()]);
const flow = z.string().regex(/^\P{Cc}*$/u, "an id as flows() has it: tcp 5");
const port = z.int().min(0).max(65_535);
const moment = z.union([z.number(), z.iso.datetime({ offset: true })]);

const shape = z.strictObject({
  ip: addresses.optional(),
  srcIp: addresses.optional(),
  dstIp: addresses.optional(),
  port: z.union([port, z.array(port).nonempty()]).optional(),
  proto: z
    .string()
    .regex(/^[\w.-]+$/, "the name of a protocol: tcp, dns, vxlan")
    .optional(),
  flow: z.union([flow, z.array(flow).nonempty()]).optional(),
  from: moment.optional(),
  to: moment.optional(),
  interface: z.int().min(0).optional(),
  filter: z.string().optional(),
  bpf: z.string().optional(),
});

/** Fails on a wrong or unknown condition. */
export function checkedFilter(filter: TrafficFilter): TrafficFilter {
  const parsed = shape.safeParse(filter);
  if (parsed.success) return filter;
  throw new SkbookError({
    code: "BAD_PARAMETER",
    tried: "choose conversations of a capture",
    failed: z.prettifyError(parsed.error),
    todo: "correct the condition: {ip, srcIp, dstIp, port, proto, flow, from, to, interface, filter, bpf}",
  });
}

function isPrefix(text: string): boolean {
  return ipaddr.isValidCIDR(text) || ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
}

/** Tests addresses, as tshark writes them, against addresses and prefixes. */
export function matcher(wanted: string | string[]): (address: string) => boolean {
  const prefixes = [wanted].flat().map((text) => {
    if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
    const parsed = ipaddr.parse(text);
    return [parsed, parsed.kind() === "ipv4" ? 32 : 128] as [typeof parsed, number];
  });
  return (text) => {
    if (!ipaddr.isValid(text)) return false;
    const parsed = ipaddr.parse(text);
    return prefixes.some(([base, bits]) => base.kind() === parsed.kind() && parsed.match(base, bits));
  };
}
