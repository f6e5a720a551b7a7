import { expect, test } from "vitest";
import { hostCounters, topology } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { picked } from "../hosts/topology/recorded.js";
import { sharedLab } from "./shared.js";
import { address, nested } from "./topology/topology.js";

describeLive("topology of a host with nested guests", ["root", "lab", "debian"], () => {
  const lab = sharedLab("6.1", "nested");

  const run = async (line: string) =>
    (await lab().host.exec(["sh", "-c", line], { root: true })).stdout.trim();

  test("each guest has its tap, its vhost thread with the CPUs of now, and its way out", async () => {
    const before = picked(
      (await topology(lab().host)).machines,
      "pid",
      "mac",
      "device",
      "queues",
      "vhost_threads",
    );
    expect(before.map(({ mac, device, queues }) => [mac, device, queues])).toEqual(
      nested.guests.map(({ mac, tap }) => [mac, tap, 1]),
    );
    for (const { pid, vhost_threads } of before) {
      expect(await run(`cat /proc/${vhost_threads}/comm`)).toBe(`vhost-${pid}`);
    }
    await run(`taskset -pc 1 ${before[0]?.vhost_threads}`);
    const { machines, paths } = await topology(lab().host);
    expect(picked(machines, "vhost_cpus").map(({ vhost_cpus }) => vhost_cpus)).toEqual(["1", "0-1"]);
    const ways = picked(paths, "device", "bridge", "bridge_kind", "tunnels");
    for (const device of ["vnet1", "vnet2", "vnet3", "vnet4"]) {
      expect(ways).toContainEqual({
        ...{ device, bridge: "br0", bridge_kind: "ovs bridge" },
        tunnels: `vxlan0 to ${address.farUnder} key 42`,
      });
    }
    expect(paths.provenance.notes).toEqual([]);
  });

  test("what a guest is sent is counted by the qdisc of its tap: what passes, and what is dropped", async () => {
    await run("tc qdisc add dev vnet3 root tbf rate 8kbit burst 1600 limit 1600");
    const counters = await hostCounters(lab().host, {
      seconds: 60,
      during: () => run(`ping -qc 40 -i 0.02 -s 1000 -W 1 ${address.guest1}`),
    });
    const rows = await counters.sql(
      `SELECT counter, change FROM this WHERE subject = 'vnet3 tbf root' AND counter IN ('drops', 'packets')
        ORDER BY counter`,
    );
    const [drops = 0, packets = 0] = (rows.values as [string, number][]).map(([, change]) => change);
    expect(drops).toBeGreaterThan(0);
    // One may still wait in the queue.
    expect(drops + packets).toBeGreaterThanOrEqual(39);
    const [first] = (await counters.sql("SELECT subject, counter, change FROM this WHERE loss"))
      .values as unknown[][];
    expect(first).toEqual(["vnet3 tbf root", "drops", drops]);
    const flows = await counters.sql(
      "SELECT sum(change) FROM this WHERE source = 'ovs' AND counter IN ('hit', 'missed')",
    );
    expect((flows.values as number[][])[0]?.[0]).toBeGreaterThanOrEqual(40);
  });
});
