import { address, sinkPort } from "../topology/topology.js";
import { flowPackets, nftCounter, qdiscDropped } from "./counters.js";
import type { PathFault } from "./fault.js";

const way = { from: "uplink0", to: "vnet1", src: address.client, dst: address.vm1 };
const way6 = { ...way, src: address.client6, dst: address.vm16 };
const queue = "tc qdisc add dev vnet1 root";
const withoutQueue = ["tc qdisc del dev vnet1 root"];

/** Neighbours are known before anything is lost: what waits for one is no packet of the fault. */
const known = (to: string) => `$C udp ${to} ${sinkPort} 3 64 300`;
/** What is missing at the end has to be older than the probes' time of waiting. */
const old = "sleep 1.5";
const datagrams = (to: string, port: number, count: number, bytes = 64) => [
  `$C udp ${to} ${port} ${count} ${bytes} 2`,
  old,
];

const netemLoss = `${queue} netem loss 30%`;
const netem = { counter: qdiscDropped("vnet1", "netem"), undo: withoutQueue };
const refusedPort = 8443;
const droppedPort = 4242;
const cookie = 4343;

/** Losses between the uplink and a machine's device. */
export const pathFaults: readonly PathFault[] = [
  {
    name: "forward-netem-loss",
    ...{ protocol: "UDP", way },
    put: [known(address.vm1), netemLoss],
    hurt: datagrams(address.vm1, sinkPort, 200),
    ...netem,
  },
  {
    name: "forward-netem-loss-ipv6",
    ...{ protocol: "UDP", way: way6 },
    put: [known(address.vm16), netemLoss],
    hurt: datagrams(address.vm16, sinkPort, 200),
    ...netem,
  },
  {
    name: "forward-netem-loss-ping",
    ...{ protocol: "ICMP", way },
    put: [known(address.vm1), netemLoss],
    hurt: [`nsenter --net=/run/netns/client ping -q -n -c 100 -i 0.02 -W 1 ${address.vm1} || true`, old],
    ...netem,
  },
  {
    name: "forward-tbf-overflow",
    ...{ protocol: "UDP", way },
    put: [known(address.vm1), `${queue} tbf rate 100kbit burst 2kb limit 10kb`],
    hurt: datagrams(address.vm1, sinkPort, 200, 1000),
    counter: qdiscDropped("vnet1", "tbf"),
    undo: withoutQueue,
  },
  {
    name: "forward-nft-drop",
    ...{ protocol: "UDP", way },
    put: [
      "nft add table inet path",
      "nft add counter inet path hurt",
      "nft 'add chain inet path forward { type filter hook forward priority 0; }'",
      `nft add rule inet path forward udp dport ${refusedPort} counter name hurt drop`,
    ],
    hurt: datagrams(address.vm1, refusedPort, 100),
    counter: nftCounter(null, "path", "hurt"),
    undo: ["nft delete table inet path"],
  },
  {
    name: "forward-ovs-drop-flow",
    ...{ protocol: "UDP", way },
    put: [
      `ovs-ofctl add-flow br0 cookie=${cookie},table=0,priority=200,udp,tp_dst=${droppedPort},actions=drop`,
      `$C udp ${address.vm1} ${droppedPort} 1`,
      "sleep 0.5",
    ],
    hurt: datagrams(address.vm1, droppedPort, 100),
    counter: flowPackets("br0", cookie),
    undo: [`ovs-ofctl del-flows br0 cookie=${cookie}/-1`],
  },
];
