import type { Snapshot } from "../sections.js";
import { type Device, keyOf } from "./model.js";

/** What ovs-vsctl says of a port: its bridge, and the interfaces that it is made of; more than one are a bond. */
interface Port {
  bridge: string;
  name: string;
  interfaces: { name: string; type: string }[];
  tag: number | null;
  bondMode: string | null;
}

/** Types whose other end is a tunnel's. */
const tunnels = new Set([
  "vxlan",
  "geneve",
  "gre",
  "ip6gre",
  "stt",
  "lisp",
  "erspan",
  "gtpu",
  "bareudp",
  "srv6",
]);

/**
 * Puts the ports of Open vSwitch among the devices: those that the kernel knows get their bridge for master, the others are added.
 * Returns the bridges' names.
 */
export function addOvs(devices: Map<string, Device>, sections: Snapshot, own: string): Set<string> {
  const options = optionsOf(sections["ovs.datapaths"] ?? "");
  for (const port of portsOf(sections)) {
    const bond = port.interfaces.length > 1;
    if (bond)
      add(
        devices,
        blank(own, port.name, "ovs bond", port.bridge, port.bondMode ?? "active-backup"),
        port.tag,
      );
    for (const { name, type } of port.interfaces) {
      const known = devices.get(keyOf(own, name));
      const master = bond ? port.name : name === port.bridge ? null : port.bridge;
      const kind = `ovs ${type === "" ? "system" : type}`;
      const device = known ?? blank(own, name, kind, master, null);
      const { remote_ip, key, peer } = options.get(name) ?? {};
      device.master = master;
      if (known !== undefined) {
        device.kind = name === port.bridge ? "ovs bridge" : known.kind === "openvswitch" ? kind : known.kind;
      }
      if (tunnels.has(type)) device.remote = remote_ip === undefined ? null : withKey(remote_ip, key);
      if (peer !== undefined) device.peer = keyOf(own, peer);
      add(devices, device, bond ? null : port.tag);
    }
  }
  const bridges = new Set(rows(sections["ovs.bridges"]).map(({ name }) => text(name) ?? ""));
  for (const name of bridges) {
    const device = devices.get(keyOf(own, name));
    if (device === undefined) add(devices, blank(own, name, "ovs bridge", null, null), null);
  }
  // The datapath's own device is no bridge of anybody's.
  for (const device of devices.values()) {
    if (device.netns === own && device.kind === "openvswitch") device.kind = "ovs datapath";
  }
  return bridges;
}

function withKey(remote: string, key: string | undefined): string {
  return key === undefined ? remote : `${remote} key ${key}`;
}

function add(devices: Map<string, Device>, device: Device, tag: number | null): void {
  devices.set(device.key, Object.assign(device, { tag }));
}

function blank(
  netns: string,
  name: string,
  kind: string,
  master: string | null,
  detail: string | null,
): Device {
  return {
    ...{
      key: keyOf(netns, name),
      name,
      ifindex: null,
      netns,
      kind,
      master,
      peer: null,
      lower: null,
      remote: null,
    },
    ...{ mac: null, mtu: null, state: null, addresses: [], qdisc: null, rxQueues: null, txQueues: null },
    ...{ driver: null, speedMbps: null, offloads: null, detail, tag: null },
  };
}

function portsOf(sections: Snapshot): Port[] {
  const interfaces = new Map(
    rows(sections["ovs.interfaces"]).map(({ _uuid, name, type }) => [
      text(_uuid),
      { name: text(name) ?? "", type: text(type) ?? "" },
    ]),
  );
  const bridgeOf = new Map(
    rows(sections["ovs.bridges"]).flatMap(({ name, ports }) =>
      values(ports).map((port): [string, string] => [port, text(name) ?? ""]),
    ),
  );
  return rows(sections["ovs.ports"]).flatMap(({ _uuid, name, interfaces: members, tag, bond_mode }) => {
    const bridge = bridgeOf.get(text(_uuid) ?? "");
    if (bridge === undefined) return [];
    return {
      bridge,
      name: text(name) ?? "",
      interfaces: values(members).flatMap((id) => interfaces.get(id) ?? []),
      tag: text(tag) === null ? null : Number(text(tag)),
      bondMode: text(bond_mode),
    };
  });
}

/** Where tunnels and patches lead, as the running switch has it: by port. */
function optionsOf(dpif: string): Map<string, Record<string, string>> {
  const lines = dpif.matchAll(/^\s*(\S+) \S+: \([^)]*\)(.*)$/gm);
  return new Map(
    [...lines].map(([, name = "", options = ""]) => [
      name,
      Object.fromEntries([...options.matchAll(/(\w+)=(\S+)/g)].map(([, key, value]) => [key, value])),
    ]),
  );
}

/** A table in the JSON of ovs-vsctl (RFC 7047, 5.1: a value, or ["set", [...]], or ["uuid", ...]). */
function rows(json: string | undefined): { [column: string]: unknown }[] {
  try {
    const { headings, data } = JSON.parse(json ?? "") as { headings: string[]; data: unknown[][] };
    return data.map((row) => Object.fromEntries(headings.map((name, index) => [name, row[index]])));
  } catch {
    return [];
  }
}

function values(value: unknown): string[] {
  if (!Array.isArray(value)) return value === undefined ? [] : [String(value)];
  const [kind, inner] = value as [string, unknown];
  if (kind === "set" && Array.isArray(inner)) return inner.flatMap(values);
  return [String(inner)];
}

function text(value: unknown): string | null {
  return values(value)[0] ?? null;
}
