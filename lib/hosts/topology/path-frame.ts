import type { Column, Value } from "../../tables/index.js";
import { hostNamespace } from "../namespaces/index.js";
import { cpusText } from "./machine-frame.js";
import type { Device, Found, MachineInterface } from "./model.js";
import { Walker, type Way } from "./walk.js";

/** More tunnels than these are counted; a mesh has one for each other host. */
const namedTunnels = 8;

export const pathColumns: Column[] = [
  { name: "guest", type: "VARCHAR", meaning: "virtual machine, or network namespace" },
  { name: "guest_kind", type: "VARCHAR", meaning: "machine or namespace" },
  {
    name: "guest_device",
    type: "VARCHAR",
    meaning: "the interface as the guest has it: model, or name in the namespace",
  },
  { name: "guest_mac", type: "VARCHAR", meaning: "MAC address that the guest has there" },
  {
    name: "device",
    type: "VARCHAR",
    meaning: "the host's end: tap, macvtap or veth; null where it is not in the kernel",
  },
  { name: "netns", type: "VARCHAR", meaning: "network namespace of the host's end" },
  { name: "queues", type: "INTEGER", meaning: "queues of the tap that the machine's process has open" },
  {
    name: "vhost_threads",
    type: "VARCHAR",
    meaning: "ids of the vhost threads that serve it; null: none, or not to be told apart",
  },
  {
    name: "vhost_cpus",
    type: "VARCHAR",
    meaning: "CPUs that these threads may run on, one list for all or one for each",
  },
  {
    name: "bridge",
    type: "VARCHAR",
    meaning: "bridge that the host's end is a port of; null: the host routes",
  },
  { name: "bridge_kind", type: "VARCHAR", meaning: "bridge (Linux) or ovs bridge (Open vSwitch)" },
  { name: "vlan", type: "INTEGER", meaning: "access VLAN of the port in Open vSwitch" },
  { name: "bridges", type: "VARCHAR", meaning: "bridges from there to the uplink, the first included" },
  {
    name: "uplink",
    type: "VARCHAR",
    meaning: "NIC, bond or VLAN device by which the last bridge reaches the network; null: none",
  },
  { name: "members", type: "VARCHAR", meaning: "members of the bond, with what the bond says of them" },
  { name: "tunnels", type: "VARCHAR", meaning: "tunnel ports that the bridges have, with their remote ends" },
  {
    name: "host_addresses",
    type: "VARCHAR",
    meaning: "the host's own addresses on the bridge, or on the device: where it routes",
  },
  { name: "path", type: "VARCHAR", meaning: "all of it, hop by hop" },
];

/** One row for each interface of a machine, then for each veth end in another namespace that is no port of a bridge there. */
export function pathRows(found: Found): Value[][] {
  const walker = new Walker(found);
  const machines = found.machines.flatMap((machine) =>
    machine.interfaces.map((one) => {
      const device = one.device === null ? null : (found.devices.get(one.device) ?? null);
      const guest = machine.name ?? `pid ${machine.pid}`;
      return row(found, walker, { guest, kind: "machine", device, ...ofMachine(one) });
    }),
  );
  return [...machines, ...namespaceRows(found, walker)];
}

interface End {
  guest: string;
  kind: "machine" | "namespace";
  guestDevice: string | null;
  mac: string | null;
  device: Device | null;
  queues: number | null;
  threads: string | null;
  cpus: string | null;
}

function ofMachine({ model, backend, mac, tapFds, vhostThreads }: MachineInterface) {
  return {
    guestDevice: model ?? backend,
    mac,
    queues: tapFds.length === 0 ? null : tapFds.length,
    threads: vhostThreads.length === 0 ? null : vhostThreads.map(({ tid }) => tid).join(", "),
    cpus: cpusText(vhostThreads),
  };
}

function namespaceRows(found: Found, walker: Walker): Value[][] {
  const bridges = new Set([...found.devices.values()].map((device) => walker.masterOf(device)?.key));
  return [...found.devices.values()].flatMap((inner) => {
    const peer = inner.peer === null ? undefined : found.devices.get(inner.peer);
    if (peer === undefined || inner.netns === found.own || inner.netns === peer.netns) return [];
    // Of a pair between two namespaces that are not the host's, the end on the bridge is the host's side.
    const inside = inner.master === null && !bridges.has(inner.key);
    const outside = peer.netns === found.own || peer.master !== null;
    if (!inside || !outside) return [];
    const guest = found.namespaces.get(inner.netns) ?? inner.netns;
    const none = { queues: null, threads: null, cpus: null };
    const end: End = {
      guest,
      kind: "namespace",
      guestDevice: inner.name,
      mac: inner.mac,
      device: peer,
      ...none,
    };
    return [row(found, walker, end)];
  });
}

function row(found: Found, walker: Walker, end: End): Value[] {
  const { device } = end;
  const way: Way =
    device === null ? { bridges: [], uplinks: [], members: [], tunnels: [] } : walker.wayOf(device);
  const [bridge = null] = way.bridges;
  const last = way.bridges.at(-1) ?? device;
  const addresses =
    way.bridges.length === 0 ? (device?.addresses ?? []) : way.bridges.flatMap((one) => one.addresses);
  const tunnels = way.tunnels.map(tunnelText);
  const more = tunnels.length - namedTunnels;
  const hops = [
    [end.guest, end.guestDevice].filter((one) => one !== null).join(" "),
    ...(device === null ? [] : [device.name]),
    ...way.bridges.map((one) => placeText(found, one)),
    ...(way.uplinks.length > 0
      ? [joined(way.uplinks.map(({ name }) => name)) as string]
      : exits(tunnels, addresses, last)),
  ];
  return [
    ...[end.guest, end.kind, end.guestDevice, end.mac],
    ...[device?.name ?? null, device === null ? null : (found.namespaces.get(device.netns) ?? hostNamespace)],
    ...[end.queues, end.threads, end.cpus],
    ...[bridge?.name ?? null, bridge?.kind ?? null, device?.tag ?? null],
    joined(way.bridges.map((one) => placeText(found, one))),
    joined(way.uplinks.map(({ name }) => name)),
    joined(way.members.map(({ name, detail }) => (detail === null ? name : `${name} (${detail})`))),
    joined([...tunnels.slice(0, namedTunnels), ...(more > 0 ? [`${more} more`] : [])]),
    joined(addresses),
    hops.join(" → "),
  ];
}

/** Without an uplink, what else leads on. */
function exits(tunnels: readonly string[], addresses: readonly string[], last: Device | null): string[] {
  const [tunnel] = tunnels;
  if (tunnel !== undefined) return [tunnels.length === 1 ? tunnel : `${tunnels.length} tunnels`];
  return last !== null && addresses.length > 0 ? ["the host routes"] : [];
}

/** Bridges of two namespaces may have one name. */
function placeText({ own, namespaces }: Found, { name, netns }: Device): string {
  return netns === own ? name : `${name} in ${namespaces.get(netns) ?? netns}`;
}

function tunnelText({ name, remote }: Device): string {
  return remote === null ? name : `${name} to ${remote}`;
}

function joined(texts: readonly string[]): string | null {
  return texts.length === 0 ? null : texts.join(", ");
}
