import type { Frame } from "../../tables/index.js";
import { rowsOf } from "../rows.js";

/** One interface of a machine or namespace, and what it is connected by. */
export interface Port {
  guest: string;
  kind: "machine" | "namespace";
  guestDevice: string | null;
  device: string | null;
  queues: number | null;
  threads: string | null;
  cpus: string | null;
  vlan: number | null;
  /** From the device to the uplink. */
  bridges: string[];
  uplink: string | null;
  members: string | null;
  tunnels: string[];
  /** The host's own, where it routes: without a bridge. */
  addresses: string | null;
  path: string;
  down: boolean;
}

/** The first ports of a topology, and what is known of the bridges that they lead to. */
export interface Ports {
  ports: Port[];
  /** How many there are in all. */
  total: number;
  /** By name: whether it is one of Open vSwitch, and the host's own addresses on it. */
  bridges: Map<string, { ovs: boolean; addresses: string | null }>;
  /** Bridges, by tunnel. */
  tunnels: Map<string, string>;
}

export async function portsOf(
  { paths, devices }: { paths: Frame; devices: Frame },
  limit: number,
): Promise<Ports> {
  const placed = (column: string) => `${column} || CASE netns WHEN 'host' THEN '' ELSE ' in ' || netns END`;
  const bridges = await rowsOf(
    devices,
    `SELECT ${placed("name")}, kind = 'ovs bridge', addresses FROM this WHERE role = 'bridge'`,
  );
  const tunnels = await rowsOf(
    devices,
    `SELECT name, ${placed("master")} FROM this WHERE role = 'tunnel' AND master IS NOT NULL`,
  );
  const down = await rowsOf(devices, "SELECT DISTINCT name, netns FROM this WHERE state = 'down'");
  const isDown = new Set(down.map((row) => JSON.stringify(row)));
  const rows = await rowsOf(
    paths,
    `SELECT guest, guest_kind, guest_device, device, netns, queues, vhost_threads, vhost_cpus, vlan, bridges, uplink, members, tunnels, host_addresses, path FROM this LIMIT ${limit}`,
  );
  const [[total = 0] = []] = await rowsOf(paths, "SELECT count(*)::DOUBLE FROM this");
  const text = (value: unknown) => (value === null || value === undefined ? null : String(value));
  const list = (value: unknown) => text(value)?.split(", ") ?? [];
  const number = (value: unknown) => (value === null || value === undefined ? null : Number(value));
  const ports = rows.map((row): Port => {
    const [guest, kind, guestDevice, device, netns, queues, threads, cpus, vlan, ...rest] = row;
    const [bridges, uplink, members, tunnels, addresses, path] = rest;
    return {
      guest: text(guest) ?? "",
      kind: kind === "namespace" ? "namespace" : "machine",
      ...{ guestDevice: text(guestDevice), device: text(device), queues: number(queues) },
      ...{ threads: text(threads), cpus: text(cpus), vlan: number(vlan) },
      ...{ bridges: list(bridges), uplink: text(uplink) },
      ...{ members: text(members), tunnels: list(tunnels), addresses: text(addresses) },
      path: text(path) ?? "",
      down: isDown.has(JSON.stringify([device, netns])),
    };
  });
  return {
    ports,
    total: Number(total),
    bridges: new Map(
      (bridges as [string, boolean, string | null][]).map(([name, ovs, addresses]) => [
        name,
        { ovs, addresses },
      ]),
    ),
    tunnels: new Map(tunnels as [string, string][]),
  };
}
