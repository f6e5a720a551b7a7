import { z } from "zod";
import type { Snapshot } from "../sections.js";
import { type Device, keyOf } from "./model.js";

/** What `ip -j -d addr` says of a device, as far as it is used here. */
const Link = z.object({
  ifindex: z.number(),
  ifname: z.string(),
  link: z.string().optional(),
  link_index: z.number().optional(),
  link_netnsid: z.number().optional(),
  link_type: z.string().optional(),
  master: z.string().optional(),
  mtu: z.number().optional(),
  operstate: z.string().optional(),
  qdisc: z.string().optional(),
  address: z.string().optional(),
  num_rx_queues: z.number().optional(),
  num_tx_queues: z.number().optional(),
  linkinfo: z
    .object({
      info_kind: z.string().optional(),
      info_data: z.looseObject({}).optional(),
      info_slave_data: z.looseObject({}).optional(),
    })
    .optional(),
  addr_info: z
    .array(z.object({ local: z.string(), prefixlen: z.number(), scope: z.string().optional() }).partial())
    .optional(),
});
type Link = z.output<typeof Link>;

/** A device, and what its namespace says of the one that it is a pair with or stacked on. */
export interface Seen {
  device: Device;
  link: { index: number | null; name: string | null; nsid: number | null };
}

/** The devices of one namespace; null where `ip` didn't say them as JSON. */
export function devicesOf(netns: string, sections: Snapshot, own: boolean): Seen[] | null {
  let links: unknown;
  try {
    links = JSON.parse(sections[`links.${netns}`] ?? "");
  } catch {
    return null;
  }
  if (!Array.isArray(links)) return null;
  const offloads = offloadsOf(sections[`offloads.${netns}`] ?? "");
  return links.flatMap((one) => {
    // Older versions of ip leave empty objects for what they filtered out.
    const { success, data } = Link.safeParse(one);
    if (!success) return [];
    const hardware = own ? hardwareOf(data.ifname, sections) : { driver: null, speedMbps: null };
    return [seen(netns, data, { ...hardware, offloads: offloads.get(data.ifname) ?? null })];
  });
}

function seen(netns: string, link: Link, hardware: Pick<Device, "driver" | "speedMbps" | "offloads">): Seen {
  const { info_kind, info_data = {}, info_slave_data = {} } = link.linkinfo ?? {};
  return {
    device: {
      key: keyOf(netns, link.ifname),
      name: link.ifname,
      ifindex: link.ifindex,
      netns,
      kind: info_kind ?? (link.link_type === "loopback" ? "loopback" : "nic"),
      master: link.master ?? null,
      peer: null,
      lower: null,
      remote: remoteOf(info_data),
      mac: link.link_type === "ether" ? (link.address ?? null) : null,
      mtu: link.mtu ?? null,
      state: link.operstate?.toLowerCase() ?? null,
      addresses: (link.addr_info ?? []).flatMap(({ local, prefixlen, scope }) =>
        local === undefined || scope === "link" ? [] : [`${local}/${prefixlen}`],
      ),
      qdisc: link.qdisc ?? null,
      rxQueues: link.num_rx_queues ?? null,
      txQueues: link.num_tx_queues ?? null,
      ...hardware,
      detail: detailOf(info_kind, info_data, info_slave_data),
      tag: null,
    },
    link: {
      index: link.link_index ?? null,
      name: link.link ?? null,
      nsid: link.link_netnsid ?? null,
    },
  };
}

type Data = { [key: string]: unknown };

function remoteOf(data: Data): string | null {
  const remote = data.remote ?? data.remote6 ?? data.group ?? data.group6;
  if (typeof remote !== "string" || remote === "any") return null;
  return typeof data.id === "number" ? `${remote} key ${data.id}` : remote;
}

/** Mode of a bond, state of its member, id of a VLAN, mode of a macvlan. */
function detailOf(kind: string | undefined, data: Data, slave: Data): string | null {
  const member = slave.mii_status === undefined ? undefined : slave.state;
  if (typeof member === "string") return member.toLowerCase();
  if (kind === "vlan") return `${data.protocol ?? "802.1Q"} ${data.id}`;
  return typeof data.mode === "string" ? data.mode : null;
}

function hardwareOf(name: string, { drivers = "", speeds = "" }: Snapshot) {
  const driver = drivers
    .split("\n")
    .find((line) => line.startsWith(`/sys/class/net/${name}/device `))
    ?.split("/")
    .at(-1);
  const speed = speeds
    .split("\n")
    .find((line) => line.startsWith(`/sys/class/net/${name}/speed:`))
    ?.split(":")
    .at(-1);
  // What has no hardware says a speed too, and it means nothing.
  const known = driver !== undefined && Number(speed) > 0;
  return { driver: driver ?? null, speedMbps: known ? Number(speed) : null };
}

const offloadNames: Record<string, string> = {
  "rx-checksumming": "rx-checksum",
  "tx-checksumming": "tx-checksum",
  "tcp-segmentation-offload": "tso",
  "generic-segmentation-offload": "gso",
  "generic-receive-offload": "gro",
  "large-receive-offload": "lro",
};

/** The offloads that are on, by device. */
function offloadsOf(text: string): Map<string, string> {
  const devices = text.split("Features for ").slice(1);
  return new Map(
    devices.map((device) => {
      const on = [...device.matchAll(/^([a-z-]+): on/gm)].flatMap(
        ([, name = ""]) => offloadNames[name] ?? [],
      );
      return [device.slice(0, device.indexOf(":")), on.join(" ")];
    }),
  );
}
