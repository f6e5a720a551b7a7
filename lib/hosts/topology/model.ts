/** A network device or a port of Open vSwitch, as its namespace sees it. */
export interface Device {
  /** Unique on the machine; see {@link keyOf}. */
  key: string;
  name: string;
  /** null for a port that only Open vSwitch knows: a patch, a tunnel. */
  ifindex: number | null;
  /** Inode of its network namespace. */
  netns: string;
  /** Of link: `veth`, `tun`, `bridge`; `nic` for what has none, `ovs patch` for what only Open vSwitch knows. */
  kind: string;
  /** Name of the bridge, bond or OVS bridge that it is a port or member of, in the same namespace. */
  master: string | null;
  /** Key of the other end of a veth pair or patch. */
  peer: string | null;
  /** Key of the device that it is stacked on: of a VLAN, macvlan, macvtap. */
  lower: string | null;
  /** Where a tunnel ends, and its key: `203.0.113.130 key 42`. */
  remote: string | null;
  mac: string | null;
  mtu: number | null;
  state: string | null;
  addresses: string[];
  qdisc: string | null;
  rxQueues: number | null;
  txQueues: number | null;
  driver: string | null;
  speedMbps: number | null;
  offloads: string | null;
  /** OVS type of the port, mode of the bond, state of the member. */
  detail: string | null;
  /** VLAN that its port of Open vSwitch is an access port of. */
  tag: number | null;
}

/** An interface of a virtual machine. */
export interface MachineInterface {
  /** QEMU's id of its back end, or libvirt's alias; null where only the open tap is known. */
  id: string | null;
  /** `tap`, `vhost-user`, `user`; as QEMU calls the back end. */
  backend: string | null;
  /** As QEMU calls the guest's device. */
  model: string | null;
  mac: string | null;
  /** Key of the tap or macvtap. */
  device: string | null;
  tapFds: number[];
  vhostFds: number[];
  vhostThreads: VhostThread[];
}

/** A virtual machine: a process of QEMU, or of another that has KVM or vhost-net open. */
export interface Machine {
  name: string | null;
  uuid: string | null;
  pid: number;
  program: string;
  netns: string;
  interfaces: MachineInterface[];
  /** Threads that could not be told to belong to one of several interfaces. */
  otherThreads: VhostThread[];
}

export interface VhostThread {
  tid: number;
  /** As the kernel lists CPUs: `0-3,8`. */
  cpus: string | null;
  /** When it was started, in clock ticks since boot. */
  started: number;
}

/** All that was found on a host. */
export interface Found {
  devices: Map<string, Device>;
  machines: Machine[];
  /** Names of the network namespaces by inode; the host's own is `host`. */
  namespaces: Map<string, string>;
  /** Inode of the host's own namespace. */
  own: string;
  notes: string[];
}

/** Names are unique within a network namespace. */
export function keyOf(netns: string, name: string): string {
  return `${netns}/${name}`;
}
