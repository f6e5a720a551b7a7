import { z } from "zod";
import { deviceName } from "../../lib/hosts/index.js";
import { ipVersion, port, prefix } from "../../lib/probes/index.js";

const devices = z.union([deviceName.transform((one) => [one]), z.array(deviceName).min(1).max(8)]);

export const pathParameters = {
  from: devices.describe(
    "devices that the packets come in by, one or up to 8: `vnet1`; answers leave by them",
  ),
  to: devices.describe("devices that they have to leave by, one or up to 8: `eth0`; answers come in by them"),
  protocol: z
    .enum(["ICMP", "TCP", "UDP"])
    .describe("with ICMP, echo requests and their replies; addresses say whether ICMPv6 is meant"),
  src: prefix.describe("source address or prefix, as it is on both devices, IPv4 or IPv6"),
  dst: prefix.describe(
    "destination address or prefix, of the same IP version: all packets for it have to leave by `to`, or they count as lost",
  ),
  srcPort: port
    .optional()
    .describe(
      "TCP or UDP source port of packets from `from` to `to`; destination port of those that come back",
    ),
  dstPort: port.optional().describe("TCP or UDP destination port of packets from `from` to `to`"),
  timeoutMs: z
    .int()
    .min(1)
    .max(60_000)
    .default(1_000)
    .describe(
      "what has not come out after so many milliseconds is lost; what is younger at the end is unfinished",
    ),
  netns: z
    .int()
    .min(1)
    .optional()
    .describe(
      "inode of the network namespace that the devices are in; default: the one that commands run in",
    ),
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
