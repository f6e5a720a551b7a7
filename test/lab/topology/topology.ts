/** What a lab host is connected to, as data. */
export interface Topology {
  name: string;
  /** Open vSwitch bridges with the kernel's datapath. */
  bridges: Bridge[];
  /** Machines that are network namespaces, each behind one or more veth pairs. */
  namespaces: Namespace[];
  /** Ports of a bridge that lead through VXLAN to the `vxlan` of a namespace. */
  tunnels: Tunnel[];
  /** Nested KVM guests: tap and vhost-net on a bridge. */
  guests: Guest[];
}

export interface Bridge {
  name: string;
  /** Of the host's own port on it, with prefix length. */
  addresses: string[];
  /** OpenFlow rules, in the words of ovs-ofctl. */
  flows: string[];
}

export interface Namespace {
  name: string;
  links: Link[];
  /** Next hop for everything else. */
  gateways: string[];
  /** Ends VXLAN here: the device `vx0`. */
  vxlan?: { vni: number; remote: string; device: string; addresses: string[] };
  /** Takes all that comes to {@link sinkPort}, UDP and TCP. */
  sink: boolean;
}

export interface Link {
  /** Name in the namespace. */
  device: string;
  addresses: string[];
  /** The other end of the pair, in the host's root namespace: on a bridge, or with addresses of its own. */
  hostDevice: string;
  bridge?: string;
  hostAddresses?: string[];
}

export interface Tunnel {
  bridge: string;
  port: string;
  remote: string;
  vni: number;
}

export interface Guest {
  name: string;
  bridge: string;
  tap: string;
  mac: string;
  /** With prefix length. */
  address: string;
}

/** Where a sink listens. */
export const sinkPort = 7;

/** Every address of the lab, all of documentation ranges (RFC 5737, 3849). */
export const address = {
  bridge: "198.51.100.1",
  vm1: "198.51.100.11",
  vm2: "198.51.100.12",
  far: "198.51.100.20",
  guest1: "198.51.100.21",
  guest2: "198.51.100.22",
  uplink: "203.0.113.1",
  client: "203.0.113.30",
  under: "203.0.113.129",
  farUnder: "203.0.113.130",
  bridge6: "2001:db8:2::1",
  vm16: "2001:db8:2::11",
  vm26: "2001:db8:2::12",
  uplink6: "2001:db8:3::1",
  client6: "2001:db8:3::30",
} as const;

const vm = (name: "vm1" | "vm2", hostDevice: string): Namespace => ({
  name,
  links: [
    {
      device: "eth0",
      addresses: [`${address[name]}/24`, `${address[`${name}6`]}/64`],
      hostDevice,
      bridge: "br0",
    },
  ],
  gateways: [address.bridge, address.bridge6],
  sink: true,
});

/**
 * A virtualization host: machines on a switch that tracks connections, one of them on another host behind VXLAN, and a client
 * that the host routes to.
 *
 *     vm1 --- vnet1 \                                            / uplink0 --- eth0 client
 *     vm2 --- vnet2 - br0 (Open vSwitch, ct zone 5) --- the host
 *     far vx0 ===== vxlan0 /                                     \ under0 --- eth0 far
 */
export const switched: Topology = {
  name: "switched",
  bridges: [
    {
      name: "br0",
      addresses: [`${address.bridge}/24`, `${address.bridge6}/64`],
      flows: [
        "table=0,priority=100,arp,actions=NORMAL",
        "table=0,priority=50,ip,ct_state=-trk,actions=ct(table=1,zone=5)",
        "table=0,priority=0,actions=NORMAL",
        "table=1,priority=50,ip,ct_state=+trk+new,actions=ct(commit,zone=5),NORMAL",
        "table=1,priority=40,ip,ct_state=+trk,actions=NORMAL",
      ],
    },
  ],
  namespaces: [
    vm("vm1", "vnet1"),
    vm("vm2", "vnet2"),
    {
      name: "client",
      links: [
        {
          device: "eth0",
          addresses: [`${address.client}/25`, `${address.client6}/64`],
          hostDevice: "uplink0",
          hostAddresses: [`${address.uplink}/25`, `${address.uplink6}/64`],
        },
      ],
      gateways: [address.uplink, address.uplink6],
      sink: true,
    },
    {
      name: "far",
      links: [
        {
          device: "eth0",
          addresses: [`${address.farUnder}/25`],
          hostDevice: "under0",
          hostAddresses: [`${address.under}/25`],
        },
      ],
      gateways: [],
      vxlan: { vni: 42, remote: address.under, device: "eth0", addresses: [`${address.far}/24`] },
      sink: true,
    },
  ],
  tunnels: [{ bridge: "br0", port: "vxlan0", remote: address.farUnder, vni: 42 }],
  guests: [],
};

/** The same with two nested guests on the switch. */
export const nested: Topology = {
  ...switched,
  name: "nested",
  guests: [
    {
      name: "guest1",
      bridge: "br0",
      tap: "vnet3",
      mac: "02:00:00:00:00:01",
      address: `${address.guest1}/24`,
    },
    {
      name: "guest2",
      bridge: "br0",
      tap: "vnet4",
      mac: "02:00:00:00:00:02",
      address: `${address.guest2}/24`,
    },
  ],
};

export const topologies = { switched, nested };
export type TopologyName = keyof typeof topologies;
