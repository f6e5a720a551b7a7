import type { Device, Found } from "./model.js";

/** Where the packets of a device go from it. */
export interface Way {
  /** The bridges on the way, the first being the device's own. */
  bridges: Device[];
  /** Devices by which the last of them is connected to the world: NIC, bond, VLAN on one. */
  uplinks: Device[];
  /** Members of the uplinks that are bonds. */
  members: Device[];
  /** Tunnel ports of any bridge that can be reached. */
  tunnels: Device[];
}

const bridgeKinds = new Set(["bridge", "ovs bridge"]);
const bondKinds = new Set(["bond", "team", "ovs bond"]);
const pairKinds = new Set(["veth", "netkit", "ovs patch"]);
const tunnelKinds =
  /^(ovs )?(vxlan|geneve|gre|gretap|ip6gre|ip6gretap|erspan|ip6erspan|stt|lisp|gtpu|bareudp|srv6)$/;

export function isBridge(device: Device): boolean {
  return bridgeKinds.has(device.kind);
}

export function isBond(device: Device): boolean {
  return bondKinds.has(device.kind);
}

/** Whether a port of a bridge connects it to the network outside. */
export function isUplink({ kind, lower }: Device): boolean {
  return kind === "nic" || kind === "ovs dpdk" || bondKinds.has(kind) || (kind === "vlan" && lower !== null);
}

/** The devices that the kernel keeps behind the tunnel ports of Open vSwitch are not ports of their own. */
export function isTunnel(device: Device): boolean {
  return (
    tunnelKinds.test(device.kind) &&
    !device.name.startsWith("vxlan_sys_") &&
    !device.name.startsWith("genev_sys_")
  );
}

/** Finds the way of packets through the devices of a host. */
export class Walker {
  private readonly byMaster = new Map<string, Device[]>();

  constructor(private readonly found: Found) {
    for (const device of found.devices.values()) {
      const master = this.masterOf(device);
      if (master === null) continue;
      this.byMaster.set(master.key, [...(this.byMaster.get(master.key) ?? []), device]);
    }
  }

  masterOf({ netns, master }: Device): Device | null {
    return master === null ? null : (this.found.devices.get(`${netns}/${master}`) ?? null);
  }

  /** Ports of a bridge or members of a bond, in the order of their names. */
  portsOf(device: Device): Device[] {
    return [...(this.byMaster.get(device.key) ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The way from a tap, or from the host's end of a veth pair; to the nearest bridge with an uplink, if there is one. */
  wayOf(device: Device): Way {
    const lower = device.lower === null ? undefined : this.found.devices.get(device.lower);
    if (lower !== undefined) return this.way([], [lower], []);
    const first = this.masterOf(device);
    if (first === null || !isBridge(first)) return this.way([], [], []);
    const ways = this.bridgesFrom(first, device);
    const out = ways.map((bridges) => ({ bridges, uplinks: this.uplinksOf(bridges.at(-1) as Device) }));
    const nearest = out.find(({ uplinks }) => uplinks.length > 0);
    const tunnels = ways.flatMap((bridges) => this.portsOf(bridges.at(-1) as Device).filter(isTunnel));
    return this.way(nearest?.bridges ?? this.toTunnel(ways) ?? [first], nearest?.uplinks ?? [], tunnels);
  }

  /** Whether a device leads from its bridge to another one. */
  connects(device: Device): Device | null {
    if (!pairKinds.has(device.kind) || device.peer === null) return null;
    const peer = this.found.devices.get(device.peer);
    const bridge = peer === undefined ? null : this.masterOf(peer);
    return bridge !== null && isBridge(bridge) ? bridge : null;
  }

  private way(bridges: Device[], uplinks: Device[], tunnels: Device[]): Way {
    const members = uplinks.flatMap((uplink) => {
      const lower = uplink.lower === null ? undefined : this.found.devices.get(uplink.lower);
      return [uplink, ...(lower === undefined ? [] : [lower])].flatMap((one) =>
        isBond(one) ? this.portsOf(one) : [],
      );
    });
    return { bridges, uplinks, members, tunnels };
  }

  private toTunnel(ways: Device[][]): Device[] | undefined {
    return ways.find((bridges) => this.portsOf(bridges.at(-1) as Device).some(isTunnel));
  }

  /** Ways over patches and veth pairs to every bridge that can be reached, the nearest first. */
  private bridgesFrom(first: Device, entry: Device): Device[][] {
    const ways: Device[][] = [[first]];
    const reached = new Set([first.key]);
    for (let at = 0; at < ways.length; at++) {
      const way = ways[at] as Device[];
      for (const port of this.portsOf(way.at(-1) as Device)) {
        const next = port.key === entry.key ? null : this.connects(port);
        if (next === null || reached.has(next.key)) continue;
        reached.add(next.key);
        ways.push([...way, next]);
      }
    }
    return ways;
  }

  private uplinksOf(bridge: Device): Device[] {
    return this.portsOf(bridge).filter(isUplink);
  }
}
