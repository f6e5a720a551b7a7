import type { Bridge, Guest, Link, Namespace, Topology, Tunnel } from "./topology.js";

/** Kernel modules of the lab: nothing on it loads them by itself. */
const modules = [
  ...["openvswitch", "vport-vxlan", "veth", "tun", "vhost_net", "vxlan"],
  ...["sch_netem", "sch_tbf", "sch_fq_codel", "sch_prio", "nf_conntrack", "nf_conntrack_netlink", "nft_ct"],
];

/** The shell script that builds a topology in a fresh host: `build`, for `sh -eu`. */
export function topologyScript({ bridges, namespaces, tunnels, guests }: Topology, guestCpu: string): string {
  return [
    `for m in ${modules.join(" ")}; do modprobe -q "$m" || echo "no module $m"; done`,
    // Forwarding first: it changes the defaults of the devices that come.
    "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1",
    "/mnt/start-ovs",
    ...tracked,
    ...bridges.flatMap(bridgeLines),
    ...namespaces.flatMap(namespaceLines),
    ...tunnels.map(tunnelLine),
    // Rules come when the switch works: a new start of its daemon forgets them.
    ...bridges.map(({ name }) => `/mnt/check-ovs ${name} ${pingOver(name, namespaces)}`),
    ...bridges.flatMap(flowLines),
    "/mnt/background sink-host /mnt/traffic sink",
    ...(guests.length === 0 ? [] : ["/mnt/build-guest"]),
    ...guests.map((guest) => guestLine(guest, guestCpu)),
  ].join("\n");
}

function bridgeLines({ name, addresses }: Bridge): string[] {
  return [
    `ovs-vsctl add-br ${name}`,
    `ip link set ${name} up`,
    ...addresses.map((one) => addAddress("", one, name)),
  ];
}

function flowLines({ name, flows }: Bridge): string[] {
  return [`ovs-ofctl del-flows ${name}`, ...flows.map((flow) => `ovs-ofctl add-flow ${name} '${flow}'`)];
}

/** A host tracks connections, as one with a firewall does; not on every kernel does the Open vSwitch module see to it. */
const tracked = [
  "nft add table inet host",
  "nft 'add chain inet host input { type filter hook input priority 10; }'",
  "nft add rule inet host input ct state invalid counter",
];

/**
 * The Open vSwitch module makes every namespace of an older kernel track connections and put fragments together. On a real host only the host does: its
 * machines have kernels of their own. Before defragmentation, which has priority -400.
 */
const untracked = [
  "add table inet machine",
  ...["prerouting", "output"].flatMap((hook) => [
    `'add chain inet machine ${hook} { type filter hook ${hook} priority -450; }'`,
    `add rule inet machine ${hook} notrack`,
  ]),
];

function namespaceLines({ name, links, gateways, vxlan, sink }: Namespace): string[] {
  return [
    `ip netns add ${name}`,
    `nsenter --net=/run/netns/${name} sysctl -qw net.ipv6.conf.default.router_solicitations=0`,
    `ip -n ${name} link set lo up`,
    ...links.flatMap((link) => linkLines(name, link)),
    ...untracked.map((line) => `nsenter --net=/run/netns/${name} nft ${line}`),
    ...(vxlan === undefined
      ? []
      : [
          `ip -n ${name} link add vx0 type vxlan id ${vxlan.vni} remote ${vxlan.remote} dstport 4789 dev ${vxlan.device}`,
          `ip -n ${name} link set vx0 up`,
          ...vxlan.addresses.map((one) => addAddress(`-n ${name}`, one, "vx0")),
        ]),
    ...gateways.map((gateway) => `ip -n ${name} route add default via ${gateway}`),
    ...(sink ? [`/mnt/background sink-${name} nsenter --net=/run/netns/${name} /mnt/traffic sink`] : []),
  ];
}

function linkLines(
  namespace: string,
  { device, addresses, hostDevice, bridge, hostAddresses }: Link,
): string[] {
  return [
    `ip link add ${hostDevice} type veth peer name ${device} netns ${namespace}`,
    `ip link set ${hostDevice} up`,
    `ip -n ${namespace} link set ${device} up`,
    ...(bridge === undefined ? [] : [`ovs-vsctl add-port ${bridge} ${hostDevice}`]),
    ...(hostAddresses ?? []).map((one) => addAddress("", one, hostDevice)),
    ...addresses.map((one) => addAddress(`-n ${namespace}`, one, device)),
    ...(hostAddresses === undefined
      ? []
      : neighbours(namespace, device, addresses, hostDevice, hostAddresses)),
  ];
}

/** Ends of a routed link know each other for good: nothing waits for an answer that a fault may swallow. */
function neighbours(
  namespace: string,
  device: string,
  near: string[],
  hostDevice: string,
  far: string[],
): string[] {
  const ip = (one: string) => one.split("/")[0];
  return [
    ...near.map(
      (one) =>
        `ip neigh replace ${ip(one)} dev ${hostDevice} nud permanent lladdr $(ip -n ${namespace} -o link show ${device} | sed 's/.*ether \\([^ ]*\\).*/\\1/')`,
    ),
    ...far.map(
      (one) =>
        `ip -n ${namespace} neigh replace ${ip(one)} dev ${device} nud permanent lladdr $(cat /sys/class/net/${hostDevice}/address)`,
    ),
  ];
}

/** An IPv6 address is used at once: nobody else is there to have it. */
function addAddress(namespace: string, address: string, device: string): string {
  return `ip ${namespace} addr add ${address} dev ${device} ${address.includes(":") ? "nodad" : ""}`;
}

function tunnelLine({ bridge, port, remote, vni }: Tunnel): string {
  return `ovs-vsctl add-port ${bridge} ${port} -- set interface ${port} type=vxlan options:remote_ip=${remote} options:key=${vni}`;
}

/** Where a ping has to come through: from one namespace on the bridge to another. */
function pingOver(bridge: string, namespaces: readonly Namespace[]): string {
  const on = namespaces.filter(({ links }) => links.some((link) => link.bridge === bridge));
  const [from, to] = on;
  if (from === undefined || to === undefined) throw new Error(`bridge ${bridge} needs two namespaces on it`);
  return `${from.name} ${to.links[0]?.addresses[0]?.split("/")[0]}`;
}

function guestLine({ name, bridge, tap, mac, address }: Guest, cpu: string): string {
  return `/mnt/start-guest ${name} ${bridge} ${tap} ${mac} ${address} ${cpu}`;
}
