import type { Column, Value } from "../../tables/index.js";
import type { Device, Found } from "./model.js";
import { isBond, isBridge, isTunnel, isUplink, Walker } from "./walk.js";

export const deviceColumns: Column[] = [
  { name: "name", type: "VARCHAR", meaning: "of the device or the port" },
  {
    name: "ifindex",
    type: "INTEGER",
    meaning: "interface index; null for a port that only Open vSwitch knows",
  },
  {
    name: "netns",
    type: "VARCHAR",
    meaning: "network namespace: host, its name, or the first process in it",
  },
  { name: "netns_inode", type: "BIGINT", meaning: "inode of that namespace, by which probes know it" },
  {
    name: "kind",
    type: "VARCHAR",
    meaning: "link kind (veth, tun, bridge, ...), nic without one; ovs ... where Open vSwitch made it",
  },
  {
    name: "role",
    type: "VARCHAR",
    meaning: "what it is to the machines: whose tap, bridge, uplink, bond member, tunnel",
  },
  { name: "master", type: "VARCHAR", meaning: "bridge or bond that it is a port of" },
  { name: "vlan", type: "INTEGER", meaning: "access VLAN of the port in Open vSwitch" },
  { name: "peer", type: "VARCHAR", meaning: "other end of the veth pair or patch" },
  { name: "peer_netns", type: "VARCHAR", meaning: "network namespace of the peer" },
  { name: "lower", type: "VARCHAR", meaning: "device that it is stacked on" },
  { name: "remote", type: "VARCHAR", meaning: "where the tunnel ends" },
  { name: "mac", type: "VARCHAR", meaning: "MAC address" },
  { name: "mtu_bytes", type: "INTEGER", unit: "bytes", meaning: "maximum transmission unit" },
  { name: "state", type: "VARCHAR", meaning: "operational state (RFC 2863)" },
  { name: "addresses", type: "VARCHAR", meaning: "addresses of more than link scope" },
  { name: "qdisc", type: "VARCHAR", meaning: "root queueing discipline" },
  { name: "rx_queues", type: "INTEGER", meaning: "receive queues that it was made with" },
  { name: "tx_queues", type: "INTEGER", meaning: "transmit queues that it was made with" },
  { name: "offloads", type: "VARCHAR", meaning: "offloads that are on; null where ethtool doesn't say" },
  { name: "driver", type: "VARCHAR", meaning: "driver of the hardware, in the host's namespace" },
  { name: "speed_mbps", type: "INTEGER", unit: "Mbit/s", meaning: "speed of the hardware's link" },
  { name: "detail", type: "VARCHAR", meaning: "mode of a bond, state of its member, id of a VLAN" },
];

export function deviceRows(found: Found): Value[][] {
  const roles = rolesOf(found);
  const nameOf = (netns: string) => found.namespaces.get(netns) ?? netns;
  return [...found.devices.values()].map((device) => {
    const peer = device.peer === null ? undefined : found.devices.get(device.peer);
    const lower = device.lower === null ? undefined : found.devices.get(device.lower);
    return [
      ...[
        device.name,
        device.ifindex,
        nameOf(device.netns),
        inodeOf(device.netns),
        device.kind,
        roles.get(device.key) ?? null,
      ],
      ...[device.master, device.tag, peer?.name ?? null, peer === undefined ? null : nameOf(peer.netns)],
      ...[lower?.name ?? null, device.remote, device.mac, device.mtu, device.state],
      ...[device.addresses.join(", ") || null, device.qdisc, device.rxQueues, device.txQueues],
      ...[device.offloads, device.driver, device.speedMbps, device.detail],
    ];
  });
}

function inodeOf(netns: string): number | null {
  return /^\d+$/.test(netns) ? Number(netns) : null;
}

/** What each device is to the machines, by key. */
function rolesOf(found: Found): Map<string, string | null> {
  const walker = new Walker(found);
  const roles = new Map(
    [...found.devices.values()].map((device) => [device.key, roleOf(device, walker.masterOf(device))]),
  );
  for (const { name, pid, interfaces } of found.machines) {
    for (const { device } of interfaces)
      if (device !== null) roles.set(device, `tap of ${name ?? `pid ${pid}`}`);
  }
  return roles;
}

function roleOf(device: Device, master: Device | null): string | null {
  if (isTunnel(device)) return "tunnel";
  if (device.kind === "ovs patch") return "patch";
  if (isBridge(device)) return "bridge";
  if (master === null) return null;
  if (isBond(master)) return "bond member";
  return isBridge(master) && isUplink(device) ? "uplink" : null;
}
