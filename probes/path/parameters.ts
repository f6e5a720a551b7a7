import { z } from "zod";
import { deviceName } from "../../lib/hosts/index.js";
import { ipVersion, port, prefix } from "../../lib/probes/index.js";

/** What is traced, between which devices of one host. */
export interface PathParameters {
  /** Devices that the packets come in by, one or up to 8: `vnet1`. Answers leave by them. */
  from: string | string[];
  /** Devices that they have to leave by, one or up to 8: `eth0`. Answers come in by them. */
  to: string | string[];
  /** With ICMP, echo requests and their replies; addresses say whether ICMPv6 is meant. */
  protocol: "ICMP" | "TCP" | "UDP";
  /** Source address or prefix, as it is on both devices, IPv4 or IPv6. */
  src: string;
  /** Destination address or prefix, of the same IP version: all packets for it have to leave by `to`, or they count as lost. */
  dst: string;
  /** TCP or UDP source port of packets from `from` to `to`; destination port of those that come back. */
  srcPort?: number | undefined;
  /** TCP or UDP destination port of packets from `from` to `to`. */
  dstPort?: number | undefined;
  /** What has not come out after so many milliseconds is lost, 1 to 60,000; what is younger at the end is unfinished. Default 1000. */
  timeoutMs?: number | undefined;
  /** Inode of the network namespace that the devices are in; default: the one that commands run in. */
  netns?: number | undefined;
}

const devices = z.union([deviceName.transform((one) => [one]), z.array(deviceName).min(1).max(8)]);

export const pathParameters = {
  from: devices,
  to: devices,
  protocol: z.enum(["ICMP", "TCP", "UDP"]),
  src: prefix,
  dst: prefix,
  srcPort: port.optional(),
  dstPort: port.optional(),
  timeoutMs: z.int().min(1).max(60_000).default(1_000),
  netns: z.int().min(1).optional(),
};

/** Refuses what can't be traced: devices on both sides, ports of ICMP, addresses of different versions. */
export function checkPath(
  given: z.output<z.ZodObject<typeof pathParameters>>,
  context: z.RefinementCtx,
): void {
  const wrong = (path: string, message: string) =>
    context.addIssue({ code: "custom", path: [path], message });
  const both = given.from.find((one) => given.to.includes(one));
  if (both !== undefined) wrong("to", `${both} can't be on both sides`);
  if (ipVersion(given.src) !== ipVersion(given.dst)) wrong("dst", "has to be of the same IP version as src");
  const ports = given.srcPort !== undefined || given.dstPort !== undefined;
  if (given.protocol === "ICMP" && ports) wrong("protocol", "ICMP has no ports");
}

/** What is traced, as it was parsed. */
export type PathFilter = z.output<z.ZodObject<typeof pathParameters>>;
