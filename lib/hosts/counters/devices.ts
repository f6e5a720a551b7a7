import { z } from "zod";
import type { Counter } from "./counter.js";

const Count = z.union([z.int().nonnegative(), z.string().regex(/^\d+$/)]);
const Side = z.record(z.string(), Count);
const Stats = z.object({ rx: Side, tx: Side });
const Link = z.object({
  ifindex: z.number(),
  ifname: z.string(),
  stats64: Stats.optional(),
  stats: Stats.optional(),
});
const Qdisc = z.looseObject({
  kind: z.string(),
  handle: z.string().optional(),
  parent: z.string().optional(),
  dev: z.string(),
});

/** Counters of `ip` that say that something moved, not that it was lost. */
const traffic = new Set([
  "packets",
  "bytes",
  "multicast",
  "otherhost",
  // Of the backup of a bond, which gets what its switch floods.
  "nohandler",
  "compressed",
  "collisions",
  "carrier_changes",
]);
const events = new Set(["collisions", "carrier_changes"]);

/** Counters of the devices of a namespace and of their queueing disciplines. */
export function deviceCounters(netns: string, links: string, qdiscs: string): Counter[] {
  if (links.startsWith("Inter-")) return procCounters(netns, links);
  const devices = elements(links).flatMap((one) => Link.safeParse(one).data ?? []);
  const indexes = new Map(devices.map(({ ifname, ifindex }) => [ifname, ifindex]));
  const disciplines = elements(qdiscs).flatMap((one) => Qdisc.safeParse(one).data ?? []);
  return [
    ...devices.flatMap(({ ifname, ifindex, stats64, stats }) => {
      const sides = Object.entries(stats64 ?? stats ?? {});
      return sides.flatMap(([side, values]) =>
        Object.entries(values).map(([name, value]) =>
          linkCounter(netns, ifname, `${side}_${name}`, BigInt(value), {
            identity: String(ifindex),
            bits: stats64 === undefined ? 32 : 64,
          }),
        ),
      );
    }),
    ...disciplines.flatMap(({ kind, handle, parent, dev, ...rest }) => {
      const place = parent === undefined ? "root" : `parent ${parent}`;
      return ["bytes", "packets", "drops", "overlimits", "requeues"].flatMap((name): Counter[] => {
        const { data: value } = Count.safeParse(rest[name]);
        if (value === undefined) return [];
        return [
          {
            ...{ source: "qdisc", netns, subject: `${dev} ${kind} ${place}`, name, value: BigInt(value) },
            unit: name === "bytes" ? "bytes" : name === "packets" || name === "drops" ? "packets" : "events",
            loss: name === "drops",
            bits: name === "bytes" ? 64 : 32,
            identity: `${indexes.get(dev) ?? ""} ${handle ?? ""}`,
          },
        ];
      });
    }),
  ];
}

function linkCounter(
  netns: string,
  subject: string,
  name: string,
  value: bigint,
  { identity, bits }: Pick<Counter, "identity" | "bits">,
): Counter {
  const plain = name.slice(3);
  const unit = plain === "bytes" ? "bytes" : events.has(plain) ? "events" : "packets";
  return { source: "link", netns, subject, name, value, unit, loss: !traffic.has(plain), bits, identity };
}

const procNames = [
  ...[
    "rx_bytes",
    "rx_packets",
    "rx_errors",
    "rx_dropped",
    "rx_fifo_errors",
    "rx_frame_errors",
    "rx_compressed",
  ],
  ...["rx_multicast", "tx_bytes", "tx_packets", "tx_errors", "tx_dropped", "tx_fifo_errors", "tx_collisions"],
  ...["tx_carrier_errors", "tx_compressed"],
];

/** /proc/net/dev; it doesn't say which device of a name it is. */
function procCounters(netns: string, text: string): Counter[] {
  return [...text.matchAll(/^\s*([^\s|]+):\s*([\d ]+)$/gm)].flatMap(([, device = "", numbers = ""]) =>
    numbers
      .trim()
      .split(/ +/)
      .flatMap((value, index) => {
        const name = procNames[index];
        return name === undefined
          ? []
          : linkCounter(netns, device, name, BigInt(value), { identity: "", bits: 64 });
      }),
  );
}

/** Numbers that a double doesn't hold become texts. */
function elements(json: string): unknown[] {
  try {
    const list: unknown = JSON.parse(json.replace(/:\s*(\d{16,})/g, ':"$1"'));
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}
