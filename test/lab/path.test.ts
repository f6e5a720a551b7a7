import { expect, test } from "vitest";
import { type Frame, pathSummary, pathTrace, type Table } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { flowPackets, nftCounter, qdiscDropped } from "./faults/counters.js";
import { type Fault, nowhere } from "./faults/fault.js";
import { inject, type Truth } from "./faults/index.js";
import { kernelVersions } from "./kernels.js";
import { sharedLab } from "./shared.js";
import { address, sinkPort } from "./topology/topology.js";

/** Attaching takes seconds in an emulated machine, and more on a busy one. */
const patienceMs = 600_000;
const patience = { seconds: 300, attachSeconds: 240 };
/** What is missing at the end has to be older than that. */
const old = "sleep 1.5";

const C = "nsenter --net=/run/netns/client";
interface Way {
  from: string;
  to: string;
  src: string;
  dst: string;
}
const way: Way = { from: "uplink0", to: "vnet1", src: address.client, dst: address.vm1 };
const way6: Way = { ...way, src: address.client6, dst: address.vm16 };
const vnet1 = "tc qdisc add dev vnet1 root";
const restored = ["tc qdisc del dev vnet1 root"];
const cookie = 4343;
/** Neighbours are known before anything is lost: what waits for one is no packet of the fault. */
const known = (to: string) => [`$C udp ${to} ${sinkPort} 3 64 300`];

const datagrams = (to: string, port: number, count: number) => [`$C udp ${to} ${port} ${count} 64 2`, old];
const pings = (to: string, count: number) => [`${C} ping -q -n -c ${count} -i 0.02 -W 1 ${to} || true`, old];

/** Losses between uplink0 and vnet1, with counters that the probes don't read. */
const losses: { protocol: "ICMP" | "UDP"; path: Way; fault: Fault }[] = [
  {
    ...{ protocol: "UDP", path: way },
    fault: {
      name: "netem loss at the outgoing device",
      put: [...known(address.vm1), `${vnet1} netem loss 30%`],
      hurt: datagrams(address.vm1, sinkPort, 200),
      ...{ counter: qdiscDropped("vnet1", "netem"), undo: restored, drops: nowhere },
    },
  },
  {
    ...{ protocol: "UDP", path: way6 },
    fault: {
      name: "netem loss at the outgoing device, IPv6",
      put: [...known(address.vm16), `${vnet1} netem loss 30%`],
      hurt: datagrams(address.vm16, sinkPort, 200),
      ...{ counter: qdiscDropped("vnet1", "netem"), undo: restored, drops: nowhere },
    },
  },
  {
    ...{ protocol: "UDP", path: way },
    fault: {
      name: "a queue at the outgoing device that runs over",
      put: [...known(address.vm1), `${vnet1} tbf rate 100kbit burst 2kb limit 4kb`],
      hurt: datagrams(address.vm1, sinkPort, 200),
      ...{ counter: qdiscDropped("vnet1", "tbf"), undo: restored, drops: nowhere },
    },
  },
  {
    ...{ protocol: "UDP", path: way },
    fault: {
      name: "a rule of netfilter",
      put: [
        "nft add table inet path",
        "nft add counter inet path hurt",
        "nft 'add chain inet path forward { type filter hook forward priority 0; }'",
        "nft add rule inet path forward udp dport 8443 counter name hurt drop",
      ],
      hurt: datagrams(address.vm1, 8443, 100),
      counter: nftCounter(null, "path", "hurt"),
      ...{ undo: ["nft delete table inet path"], drops: nowhere },
    },
  },
  {
    ...{ protocol: "UDP", path: way },
    fault: {
      name: "a rule of the switch",
      put: [
        `ovs-ofctl add-flow br0 cookie=${cookie},table=0,priority=200,udp,tp_dst=4242,actions=drop`,
        `$C udp ${address.vm1} 4242 1`,
        "sleep 0.5",
      ],
      hurt: datagrams(address.vm1, 4242, 100),
      counter: flowPackets("br0", cookie),
      ...{ undo: [`ovs-ofctl del-flows br0 cookie=${cookie}/-1`], drops: nowhere },
    },
  },
  {
    ...{ protocol: "ICMP", path: way },
    fault: {
      name: "pings that netem loses",
      put: [...known(address.vm1), `${vnet1} netem loss 30%`],
      hurt: pings(address.vm1, 100),
      ...{ counter: qdiscDropped("vnet1", "netem"), undo: restored, drops: nowhere },
    },
  },
];

/** The rows of a Frame of legs, by leg. */
function legs(frame: Frame): Record<string, Record<string, number>> {
  const rows = (frame.values as number[][]).map((row) =>
    Object.fromEntries(frame.columns.map((column, index) => [column, row[index]])),
  );
  return Object.fromEntries(rows.map((row) => [row.leg, row])) as Record<string, Record<string, number>>;
}

async function statuses(paths: Table): Promise<Record<string, number>> {
  const counted = await paths.sql("SELECT status, count(*) FROM this WHERE way = 'there' GROUP BY status");
  return Object.fromEntries(counted.values as [string, number][]);
}

for (const kernel of kernelVersions) {
  describeLive(`the path inside a host with kernel ${kernel}`, ["root", "lab", "debian"], () => {
    const lab = sharedLab(kernel);
    const run = async (...lines: string[]) => {
      const { exitCode, stderr } = await lab().host.exec(["sh", "-euc", lines.join("\n")]);
      expect([exitCode, stderr]).toEqual([0, ""]);
    };

    test.each(losses)(
      "$fault.name ($protocol): lost are as many as it counts",
      { timeout: patienceMs },
      async ({ protocol, path, fault }) => {
        const [leg, lost] =
          protocol === "ICMP"
            ? (["request inside", "lost inside (request)"] as const)
            : (["there", "lost inside"] as const);
        const injected = await inject(lab().host, fault);
        try {
          let truth: Truth = { least: 0, most: 0 };
          const asked = {
            ...{ ...path, protocol, ...patience },
            during: async () => {
              truth = await injected.hurt();
            },
          };
          const summary = legs(await pathSummary(lab().host, asked))[leg];
          const passed = (summary?.packets_in ?? 0) - truth.least;
          expect(truth.least).toBeGreaterThan(10);
          expect(summary).toMatchObject({
            lost: truth.least,
            completed: passed,
            unfinished: 0,
            unexpected: 0,
          });
          const rows = await statuses(await pathTrace(lab().host, asked));
          const came = Object.values(rows).reduce((sum, packets) => sum + packets, 0);
          const complete = came - truth.least;
          expect(rows).toEqual({ ...(complete > 0 ? { complete } : {}), [lost]: truth.least });
        } finally {
          await injected.undo();
        }
      },
    );

    test("a delay inside is seen between its bounds, and nothing is lost", {
      timeout: patienceMs,
    }, async () => {
      await run(`${vnet1} netem delay 20ms`, `${C} ping -q -n -c 3 -i 0.1 ${address.vm1} >/dev/null`);
      const asked = {
        ...{ ...way, protocol: "ICMP" as const, ...patience },
        during: () => run(`${C} ping -q -n -c 50 -i 0.05 ${address.vm1} >/dev/null`, old),
      };
      try {
        const summary = legs(await pathSummary(lab().host, asked));
        const late = summary["request inside"] as Record<string, number>;
        expect(late).toMatchObject({ packets_in: 50, completed: 50, lost: 0, measured: 50 });
        expect(late.min_ns).toBeGreaterThanOrEqual(20_000_000);
        expect(late.p50_low_ns).toBeGreaterThanOrEqual(20_000_000);
        expect(late.p50_high_ns).toBeGreaterThanOrEqual(late.p50_low_ns as number);
        expect(summary.total).toMatchObject({ completed: 50, lost: 0, unfinished: 0 });
        const paths = await pathTrace(lab().host, asked);
        expect(await statuses(paths)).toEqual({ complete: 50 });
        const least = await paths.sql("SELECT min(inside_ns) >= 20000000 FROM this");
        expect(least.values).toEqual([[true]]);
      } finally {
        await run(...restored);
      }
    });
  });
}
