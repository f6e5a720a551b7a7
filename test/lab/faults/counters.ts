/** Shell text that prints a counter of the host: none of these is what a probe reads. */

/** Runs a command in a namespace of the host; in the host's own with null. */
export function within(namespace: string | null, command: string): string {
  return namespace === null ? command : `nsenter --net=/run/netns/${namespace} ${command}`;
}

/** Packets that a qdisc has dropped, by its kind and device. */
export function qdiscDropped(device: string, kind: string): string {
  return `tc -s -j qdisc show dev ${device} | ${json(`sum(q["drops"] for q in d if q["kind"] == "${kind}")`)}`;
}

/** Packets that have gone through a qdisc. */
export function qdiscSent(device: string, kind: string): string {
  return `tc -s -j qdisc show dev ${device} | ${json(`sum(q["packets"] for q in d if q["kind"] == "${kind}")`)}`;
}

/** A counter of /proc/net/snmp or /proc/net/netstat, as nstat names it: `UdpNoPorts`, `IpReasmFails`. */
export function protocolCounter(namespace: string | null, name: string): string {
  return `${within(namespace, `nstat -asz ${name}`)} | awk '$1 == "${name}" { print $2 }'`;
}

/** Packets that a named nftables counter has seen. */
export function nftCounter(namespace: string | null, table: string, name: string): string {
  const list = within(namespace, `nft -j list counter inet ${table} ${name}`);
  return `${list} | ${json('[o["counter"]["packets"] for o in d["nftables"] if "counter" in o][0]')}`;
}

/** A counter of `conntrack -S`, of all CPUs. */
export function conntrackCounter(namespace: string | null, name: string): string {
  return `${within(namespace, "conntrack -S")} | sed -n 's/.* ${name}=\\([0-9]*\\).*/\\1/p' | awk '{ n += $1 } END { print n }'`;
}

/** Packets that an OpenFlow rule of a bridge has matched, by its cookie; the switch brings the number up to date first. */
export function flowPackets(bridge: string, cookie: number): string {
  const dump = `ovs-ofctl dump-flows ${bridge} cookie=${cookie}/-1`;
  return `ovs-appctl revalidator/wait; ${dump} | sed -n 's/.* n_packets=\\([0-9]*\\).*/\\1/p'`;
}

/** Upcalls that found no room, of all datapaths of the kernel. */
export const upcallsLost = "ovs-dpctl show | sed -n 's/.* lost:\\([0-9]*\\).*/\\1/p'";

/** A counter of a network interface: `tx_dropped`. */
export function deviceCounter(device: string, name: string): string {
  return `cat /sys/class/net/${device}/statistics/${name}`;
}

/** Reads JSON and prints an expression of `d`. */
function json(expression: string): string {
  return `python3 -c 'import json, sys; d = json.load(sys.stdin); print(${expression})'`;
}
