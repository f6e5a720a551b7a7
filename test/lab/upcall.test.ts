import { expect, test } from "vitest";
import { type Host, stageSummary, stageTrace, upcallEvents, upcallSummary } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { rowsOf } from "../fixtures/rows.js";
import { kernelVersions } from "./kernels.js";
import { sharedLab } from "./shared.js";
import { address, sinkPort } from "./topology/topology.js";

const patience = { seconds: 120, attachSeconds: 240 };
const patienceMs = 1_200_000;
const [count, stoppedMs] = [20, 500];

const vswitchd = "$(cat /run/openvswitch/ovs-vswitchd.pid)";
/** What the kernel's switch had to ask about, as its datapath counts: no probe reads it. */
const missed = "ovs-dpctl show | sed -n 's/.*missed:\\([0-9]*\\).*/missed \\1/p'";

/** New connections of a virtual machine while ovs-vswitchd stands still. */
const script = [
  missed,
  `kill -s STOP ${vswitchd}; trap "kill -s CONT ${vswitchd}" EXIT; ovs-dpctl del-flows`,
  `nsenter --net=/run/netns/vm1 /mnt/traffic flows ${address.vm2} ${sinkPort} ${count} 100`,
  `sleep ${stoppedMs / 1_000}; kill -s CONT ${vswitchd}`,
  // It has caught up once a new connection gets through.
  `nsenter --net=/run/netns/vm1 ping -qc 1 -w 20 ${address.vm2} > /dev/null`,
  "sleep 0.5",
  missed,
].join("\n");

async function standStill(host: Host): Promise<number> {
  const { exitCode, stdout, stderr } = await host.exec(["sh", "-euc", script], { deadlineSeconds: 100 });
  if (exitCode !== 0) throw new Error(stderr);
  const [before = 0, after = 0] = [...stdout.matchAll(/^missed (\d+)$/gm)].map((one) => Number(one[1]));
  return after - before;
}

for (const kernel of kernelVersions) {
  describeLive(`upcalls of a host with kernel ${kernel}`, ["root", "lab", "debian"], () => {
    const lab = sharedLab(kernel);

    test("wait as long as ovs-vswitchd stands still, each counted once", {
      timeout: patienceMs,
    }, async () => {
      const { host } = lab();
      let asked = 0;
      const seen = await upcallSummary(host, {
        ...patience,
        during: async () => {
          asked = await standStill(host);
        },
      });
      expect(seen.provenance).toMatchObject({ lost: 0, details: { detached: "proved" } });
      const rows = rowsOf(seen);
      const reason = kernel === "5.10" ? null : "miss";
      const counted = rows
        .filter((row) => row.interval !== "unasked" && row.reason === reason)
        .reduce((sum, row) => sum + Number(row.count), 0);
      expect(asked).toBeGreaterThan(count);
      expect(counted).toBeGreaterThanOrEqual(asked);
      // Background of a quiet host.
      expect(counted).toBeLessThan(asked + 10);
      const late = rows.find((row) => row.device === "vnet1" && row.interval === "answered");
      expect(Number(late?.count)).toBeGreaterThanOrEqual(count);
      expect(Number(late?.total_ns)).toBeGreaterThanOrEqual(count * stoppedMs * 1e6);
      expect(Number(late?.max_high_ns)).toBeGreaterThanOrEqual(stoppedMs * 1e6);
    });

    test("of one flow have one row each", { timeout: patienceMs }, async () => {
      const { host } = lab();
      const slow = await upcallEvents(host, {
        ...patience,
        src: address.vm1,
        protocol: "UDP",
        dstPort: sinkPort,
        slowerThanUs: stoppedMs * 1_000,
        during: () => standStill(host),
      });
      const { values } = await slow.sql(
        "SELECT device, error, dst, dst_port, count(*)::INTEGER, count(DISTINCT src_port)::INTEGER FROM this GROUP BY ALL",
      );
      expect(values).toEqual([["vnet1", null, address.vm2, sinkPort, count, count]]);
    });

    test("are where packets that are followed were late, each by its own time", {
      timeout: patienceMs,
    }, async () => {
      const { host } = lab();
      const late = await stageTrace(host, {
        ...patience,
        ...{ from: "vnet1", to: "vnet2", protocol: "UDP", dstPort: sinkPort },
        slowerThanUs: stoppedMs * 1_000,
        during: () => standStill(host),
      });
      expect(late.provenance.lost).toBe(0);
      const { values } = await late.sql(
        `SELECT dst, count(*)::INTEGER, count(DISTINCT src_port)::INTEGER, bool_and(stages_known),
           bool_and(upcall_back_ns >= ${stoppedMs * 1e6}), bool_and(upcall_back_ns > 0.9 * total_ns) FROM this GROUP BY ALL`,
      );
      expect(values).toEqual([[address.vm2, count, count, true, true, true]]);
    });

    test("are told by flow, each by its own packets", { timeout: patienceMs }, async () => {
      const { host } = lab();
      const flows = await stageSummary(host, {
        ...patience,
        ...{
          from: "vnet1",
          to: "vnet2",
          protocol: "UDP",
          dstPort: sinkPort,
          by: ["flow"],
          timeoutMs: 10_000,
        },
        during: () => standStill(host),
      });
      expect(flows.provenance.lost).toBe(0);
      const { values } = await flows.sql(
        `SELECT pair, count(*)::INTEGER, count(DISTINCT src_port)::INTEGER, sum(count) BETWEEN ${count} AND ${count} * if(pair = 'total', 1, 2), bool_and(dst = '${address.vm2}'),
           min(max_high_ns) > 0.9 * ${stoppedMs * 1e6}, sum(started)::INTEGER, sum(completed)::INTEGER
         FROM this WHERE src_port IS NOT NULL AND pair IN ('total', 'upcall → upcall_back') GROUP BY pair ORDER BY pair`,
      );
      // Connection tracking hands each packet back to the switch, which asks once more unless it knows by then.
      expect(values).toEqual([
        ["total", count, count, true, true, true, count, count],
        ["upcall → upcall_back", count, count, true, true, true, null, null],
      ]);
    });
  });
}
