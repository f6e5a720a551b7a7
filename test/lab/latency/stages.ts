import { type StageSummaryParameters, stageSummary } from "../../../lib/index.js";
import { protocolCounter } from "../faults/counters.js";
import { rowsOf } from "../layers.js";
import { patience } from "../sightings.js";
import { address, sinkPort } from "../topology/topology.js";
import type { LatencyFault, Watch } from "./fault.js";
import { spreadsOf } from "./spreads.js";

/** Books of which a fault that loses nothing leaves nothing. */
const empty = [
  ...(["lost", "unfinished", "strayed", "cut", "abandoned", "translated", "repeated"] as const),
  ...(["unexpected", "unfollowed", "fragments", "negative"] as const),
];

/** Stages of UDP from one end of the host to the other. */
function stagesOf(asked: StageSummaryParameters): Watch {
  return {
    probe: "stageSummary",
    async watch(host, during) {
      const summary = await stageSummary(host, { ...asked, ...patience, timeoutMs: 10_000, during });
      const [total = {}] = rowsOf(summary);
      return {
        spreads: spreadsOf(summary, ({ pair }) => String(pair)),
        lost: summary.provenance.lost,
        odd: empty.filter((name) => Number(total[name]) !== 0).map((name) => `${total[name]} ${name}`),
      };
    },
  };
}

const udp = { protocol: "UDP", dstPort: sinkPort } as const;
const toMachine = stagesOf({ from: "uplink0", to: "vnet1", src: address.client, dst: address.vm1, ...udp });

/** Neighbours that are known need not be asked; the first datagrams make the switch's flows. */
const ready = [
  `ip neigh replace ${address.vm1} dev br0 nud permanent lladdr $(ip -n vm1 -o link show eth0 | sed 's/.*ether \\([^ ]*\\).*/\\1/')`,
  `ip -n vm1 neigh replace ${address.bridge} dev eth0 nud permanent lladdr $(cat /sys/class/net/br0/address)`,
  `$C udp ${address.vm1} ${sinkPort} 5 64 200`,
];
const after = [
  `ip neigh change ${address.vm1} dev br0 nud reachable`,
  `ip -n vm1 neigh change ${address.bridge} dev eth0 nud reachable`,
];
const datagrams = {
  ready,
  after,
  hurt: [`$C udp ${address.vm1} ${sinkPort} 100 64 20`, "sleep 0.5"],
  counter: protocolCounter("vm1", "UdpInDatagrams"),
};

export const stageFaults: readonly LatencyFault[] = [
  {
    name: "no-delay",
    ...datagrams,
    put: [],
    undo: [],
    looks: [{ watch: toMachine, grows: [], counts: "total" }],
  },
  {
    name: "netem-on-tap",
    ...datagrams,
    put: ["tc qdisc add dev vnet1 root netem delay 30ms"],
    undo: ["tc qdisc del dev vnet1 root"],
    looks: [
      {
        watch: toMachine,
        grows: [
          { label: "total", ms: 30 },
          { label: "queue → driver", ms: 30 },
        ],
        counts: "total",
      },
    ],
  },
  {
    name: "netem-on-bridge-port",
    ...datagrams,
    put: ["tc qdisc add dev br0 root netem delay 30ms"],
    undo: ["tc qdisc del dev br0 root"],
    looks: [
      {
        watch: toMachine,
        grows: [
          { label: "total", ms: 30 },
          { label: "inner_queue → inner_driver", ms: 30 },
        ],
        counts: "total",
      },
    ],
  },
];
