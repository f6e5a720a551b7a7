import { z } from "zod";
import type { Fact } from "./fact.js";

/** What `ip -j -d link` says of an interface, as far as it is used here. */
const Link = z.object({
  ifname: z.string(),
  mtu: z.number(),
  operstate: z.string(),
  qdisc: z.string().optional(),
  master: z.string().optional(),
  linkinfo: z.object({ info_kind: z.string().optional() }).optional(),
});

/** One fact per interface, and one per bridge with its ports. */
export function linkFacts(json: string | undefined): Fact[] {
  const links = parse(json);
  if (links === null)
    return [["network", "interfaces", null, "the host has no ip command that speaks JSON (iproute2)"]];
  const kind = (link: z.output<typeof Link>) => link.linkinfo?.info_kind;
  const interfaces = links.map((link): Fact => {
    const words = [
      kind(link) ?? "device",
      link.operstate.toLowerCase(),
      `mtu ${link.mtu}`,
      `qdisc ${link.qdisc ?? "none"}`,
    ];
    return [
      "network",
      link.ifname,
      words.join(", "),
      link.master === undefined ? null : `port of ${link.master}`,
    ];
  });
  const bridges = links
    .filter((link) => kind(link) === "bridge" || kind(link) === "openvswitch")
    .map(({ ifname }): Fact => {
      const ports = links.filter((link) => link.master === ifname).map((link) => link.ifname);
      return ["network", `bridge ${ifname}`, ports.join(", ") || "no ports", null];
    });
  return [...interfaces, ...bridges];
}

/** Names of the interfaces; null where the host could not say. */
export function linkNames(json: string | undefined): string[] | null {
  return parse(json)?.map(({ ifname }) => ifname) ?? null;
}

function parse(json: string | undefined): z.output<typeof Link>[] | null {
  try {
    return z.array(Link).parse(JSON.parse(json ?? ""));
  } catch {
    return null;
  }
}
