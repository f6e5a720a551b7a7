import { expect, test } from "vitest";
import { pathSummary, pathTrace } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { verdicts } from "./compare.js";
import { pathFaults } from "./faults/index.js";
import { kernelVersions } from "./kernels.js";
import { rowsOf } from "./layers.js";
import { comparePaths } from "./paths.js";
import { sharedLab } from "./shared.js";
import { patience } from "./sightings.js";
import { address } from "./topology/topology.js";

/** Attaching takes seconds in an emulated machine, and more on a busy one. */
const patienceMs = 600_000;

const ping = (count: number, interval: number) =>
  `nsenter --net=/run/netns/client ping -q -n -c ${count} -i ${interval} ${address.vm1} >/dev/null`;

for (const kernel of kernelVersions) {
  describeLive(`the path inside a host with kernel ${kernel}`, ["root", "lab", "debian"], () => {
    const lab = sharedLab(kernel);
    const run = async (...lines: string[]) => {
      const { exitCode, stderr } = await lab().host.exec(["sh", "-euc", lines.join("\n")]);
      expect([exitCode, stderr]).toEqual([0, ""]);
    };

    test.each(pathFaults)("$name: lost are as many as it counts", { timeout: patienceMs }, async (fault) => {
      const said = ["pathSummary", "pathTrace"].map((probe) => ({ fault: fault.name, probe, verdict: "ok" }));
      expect(await verdicts(comparePaths(lab(), [fault]))).toEqual(said);
    });

    test("a delay inside is seen between its bounds, and nothing is lost", {
      timeout: patienceMs,
    }, async () => {
      await run("tc qdisc add dev vnet1 root netem delay 20ms", ping(3, 0.1));
      const asked = {
        ...{ from: "uplink0", to: "vnet1", src: address.client, dst: address.vm1 },
        ...{ protocol: "ICMP" as const, ...patience },
        during: () => run(ping(50, 0.05), "sleep 1.5"),
      };
      try {
        const rows = rowsOf(await pathSummary(lab().host, asked)) as Record<string, number>[];
        const leg = (name: string) => rows.find(({ leg }) => String(leg) === name) ?? {};
        const late = leg("request inside");
        expect(late).toMatchObject({ packets_in: 50, completed: 50, lost: 0, measured: 50 });
        expect(late.min_ns).toBeGreaterThanOrEqual(20_000_000);
        expect(late.p50_low_ns).toBeGreaterThanOrEqual(20_000_000);
        expect(late.p50_high_ns).toBeGreaterThanOrEqual(late.p50_low_ns as number);
        expect(leg("total")).toMatchObject({ completed: 50, lost: 0, unfinished: 0 });
        const paths = await pathTrace(lab().host, asked);
        const statuses = await paths.sql("SELECT status, count(*)::INTEGER FROM this GROUP BY status");
        expect(statuses.values).toEqual([["complete", 50]]);
        const least = await paths.sql("SELECT min(inside_ns) >= 20000000 FROM this");
        expect(least.values).toEqual([[true]]);
      } finally {
        await run("tc qdisc del dev vnet1 root");
      }
    });
  });
}
