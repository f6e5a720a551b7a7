import { address, sinkPort } from "../topology/topology.js";
import { flowPackets, nftCounter, qdiscDropped } from "./counters.js";
import type { PathFault } from "./fault.js";

const way = { from: "uplink0", to: "vnet1", src: address.client, dst: address.vm1 };
const way6 = { ...way, src: address.client6, dst: address.vm16 };
const queue = "tc qdisc add dev vnet1 root";
const withoutQueue = "tc qdisc del dev vnet1 root";

const vm1 = { ip: address.vm1, gateway: address.bridge };
const vm16 = { ip: address.vm16, gateway: address.bridge6 };
type Machine = typeof vm1 | typeof vm16;

/** Neighbours are known and need not be asked again: neither what waits for one nor what asks is a packet of the fault. */
const known = ({ ip, gateway }: Machine) => [
  `ip neigh replace ${ip} dev br0 nud permanent lladdr $(ip -n vm1 -o link show eth0 | sed 's/.*ether \\([^ ]*\\).*/\\1/')`,
  `ip -n vm1 neigh replace ${gateway} dev eth0 nud permanent lladdr $(cat /sys/class/net/br0/address)`,
  `$C udp ${ip} ${sinkPort} 3 64 300`,
];
const forgotten = ({ ip, gateway }: Machine) => [
  `ip neigh change ${ip} dev br0 nud reachable`,
  `ip -n vm1 neigh change ${gateway} dev eth0 nud reachable`,
];
/** What is missing at the end has to be older than the probes' time of waiting. */
const old = "sleep 1.5";
const datagrams = (to: string, port: number, count: number, bytes = 64) => [
  `$C udp ${to} ${port} ${count} ${bytes} 2`,
  old,
];

const netemLoss = `${queue} netem loss 30%`;
const netemDropped = qdiscDropped("vnet1", "netem");
const refusedPort = 8443;
const droppedPort = 4242;
const cookie = 4343;

/** Losses between the uplink and a machine's device. */
export const pathFaults: readonly PathFault[] = [
  {
    name: "forward-netem-loss",
    ...{ protocol: "UDP", way },
    put: [...known(vm1), netemLoss],
    hurt: datagrams(address.vm1, sinkPort, 200),
    counter: netemDropped,
    undo: [withoutQueue, ...forgotten(vm1)],
  },
  {
    name: "forward-netem-loss-ipv6",
    ...{ protocol: "UDP", way: way6 },
    put: [...known(vm16), netemLoss],
    hurt: datagrams(address.vm16, sinkPort, 200),
    counter: netemDropped,
    undo: [withoutQueue, ...forgotten(vm16)],
  },
  {
    name: "forward-netem-loss-ping",
    ...{ protocol: "ICMP", way },
    put: [...known(vm1), netemLoss],
    hurt: [`nsenter --net=/run/netns/client ping -q -n -c 100 -i 0.02 -W 1 ${address.vm1} || true`, old],
    counter: netemDropped,
    undo: [withoutQueue, ...forgotten(vm1)],
  },
  {
    name: "forward-tbf-overflow",
    ...{ protocol: "UDP", way },
    put: [...known(vm1), `${queue} tbf rate 100kbit burst 2kb limit 10kb`],
    hurt: datagrams(address.vm1, sinkPort, 200, 1000),
    counter: qdiscDropped("vnet1", "tbf"),
    undo: [withoutQueue, ...forgotten(vm1)],
  },
  {
    name: "forward-nft-drop",
    ...{ protocol: "UDP", way },
    put: [
      ...known(vm1),
      "nft add table inet path",
      "nft add counter inet path hurt",
      "nft 'add chain inet path forward { type filter hook forward priority 0; }'",
      `nft add rule inet path forward udp dport ${refusedPort} counter name hurt drop`,
    ],
    hurt: datagrams(address.vm1, refusedPort, 100),
    counter: nftCounter(null, "path", "hurt"),
    undo: ["nft delete table inet path", ...forgotten(vm1)],
  },
  {
    name: "forward-ovs-drop-flow",
    ...{ protocol: "UDP", way },
    put: [
      ...known(vm1),
      `ovs-ofctl add-flow br0 cookie=${cookie},table=0,priority=200,udp,tp_dst=${droppedPort},actions=drop`,
      `$C udp ${address.vm1} ${droppedPort} 1`,
      "sleep 0.5",
    ],
    hurt: datagrams(address.vm1, droppedPort, 100),
    counter: flowPackets("br0", cookie),
    undo: [`ovs-ofctl del-flows br0 cookie=${cookie}/-1`, ...forgotten(vm1)],
  },
];
