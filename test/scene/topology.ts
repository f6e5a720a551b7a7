import { execa } from "execa";

/**
 * A virtualization host between a client and an application, as three network namespaces of this machine:
 *
 *     client eth0 203.0.113.30 --- uplink0 [host] vnet0 --- eth0 198.51.100.20 app
 *                                 mgmt0 203.0.113.202 --- 203.0.113.201 this machine
 *
 * All addresses are documentation ranges (RFC 5737, 3849). The client sends packets of wire size, as a machine behind a NIC would.
 */
export interface Scene {
  host: string;
  app: string;
  client: string;
  remove(): Promise<void>;
}

export const managementAddress = "203.0.113.202";
export const appAddress = "198.51.100.20";
export const appAddress6 = "2001:db8:2::20";
export const clientAddress = "203.0.113.30";

/** Ports of the application: one that it listens on, one that nobody does, one that the host's firewall refuses. */
export const openPort = 8080;
export const closedPort = 5353;
export const refusedPort = 8443;

/** Builds the scene with its faults: a netfilter rule that drops, and a shaper on vnet0 with a short queue. */
export async function buildScene(prefix: string): Promise<Scene> {
  const [host, app, client] = ["host", "app", "client"].map((name) => `${prefix}-${name}`) as [
    string,
    string,
    string,
  ];
  const management = `${prefix}-mgmt`;
  const remove = async () => {
    for (const namespace of [host, app, client])
      await execa("ip", ["netns", "del", namespace], { reject: false });
    await execa("ip", ["link", "del", management], { reject: false });
  };
  await remove();
  const run = async (line: string) => {
    const [file, ...args] = line.split(" ") as [string, ...string[]];
    await execa(file, args);
  };
  try {
    for (const namespace of [host, app, client]) {
      await run(`ip netns add ${namespace}`);
      await run(
        `nsenter --net=/run/netns/${namespace} sysctl -qw net.ipv6.conf.default.router_solicitations=0`,
      );
      await run(`ip -n ${namespace} link set lo up`);
    }
    await run(`ip link add ${management} type veth peer name mgmt0 netns ${host}`);
    await run(`ip link add vnet0 netns ${host} type veth peer name eth0 netns ${app}`);
    await run(`ip link add uplink0 netns ${host} type veth peer name eth0 netns ${client}`);
    await run(`ip addr add 203.0.113.201/30 dev ${management}`);
    await run(`ip -n ${host} addr add ${managementAddress}/30 dev mgmt0`);
    await run(`ip -n ${host} addr add 198.51.100.1/24 dev vnet0`);
    await run(`ip -n ${host} addr add 203.0.113.1/25 dev uplink0`);
    await run(`ip -n ${app} addr add ${appAddress}/24 dev eth0`);
    await run(`ip -n ${client} addr add ${clientAddress}/25 dev eth0`);
    await run(`ip -n ${host} addr add 2001:db8:2::1/64 dev vnet0 nodad`);
    await run(`ip -n ${host} addr add 2001:db8:3::1/64 dev uplink0 nodad`);
    await run(`ip -n ${app} addr add ${appAddress6}/64 dev eth0 nodad`);
    await run(`ip -n ${client} addr add 2001:db8:3::30/64 dev eth0 nodad`);
    await run(`ip -n ${client} link set eth0 gso_max_segs 1`);
    await run(`ip link set ${management} up`);
    for (const device of ["mgmt0", "vnet0", "uplink0"]) await run(`ip -n ${host} link set ${device} up`);
    for (const [namespace, gateway, gateway6] of [
      [app, "198.51.100.1", "2001:db8:2::1"],
      [client, "203.0.113.1", "2001:db8:3::1"],
    ]) {
      await run(`ip -n ${namespace} link set eth0 up`);
      await run(`ip -n ${namespace} route add default via ${gateway}`);
      await run(`ip -n ${namespace} -6 route add default via ${gateway6}`);
    }
    const inHost = `nsenter --net=/run/netns/${host}`;
    await run(`${inHost} sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1`);
    await run(`${inHost} nft add table inet rules`);
    await run(`${inHost} nft add chain inet rules forward { type filter hook forward priority 0; }`);
    await run(`${inHost} nft add rule inet rules forward tcp dport ${refusedPort} counter drop`);
    await run(`${inHost} nft add rule inet rules forward udp dport ${refusedPort} counter drop`);
    await run(`tc -n ${host} qdisc add dev vnet0 root tbf rate 4mbit burst 4k limit 12k`);
  } catch (error) {
    await remove();
    throw error;
  }
  return { host, app, client, remove };
}

/** Links a machine of a scene with this one, by 203.0.113.`network`/30: this one has the first address of it, the machine the second. */
export async function linkToManagement(
  device: string,
  namespace: string,
  network: number,
): Promise<{ address: string; remove(): Promise<void> }> {
  const remove = async () => {
    await execa("ip", ["link", "del", device], { reject: false });
  };
  await remove();
  const [own, address] = [network + 1, network + 2].map((last) => `203.0.113.${last}`) as [string, string];
  const lines = [
    `link add ${device} type veth peer name mgmt0 netns ${namespace}`,
    `addr add ${own}/30 dev ${device}`,
    `-n ${namespace} addr add ${address}/30 dev mgmt0`,
    `-n ${namespace} link set mgmt0 up`,
    `link set ${device} up`,
  ];
  for (const line of lines) await execa("ip", line.split(" "));
  return { address, remove };
}
