import { expect, test } from "vitest";
import { canRun, ovsActionEvents, ovsActionSummary } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { rowsOf } from "../fixtures/rows.js";
import { kernelVersions } from "./kernels.js";
import { script } from "./script.js";
import { sharedLab } from "./shared.js";
import { address } from "./topology/topology.js";

const patience = { seconds: 120, attachSeconds: 240 };
const patienceMs = 1_200_000;
const count = 40;

/** Pings of one virtual machine to another, behind some that teach the switch its way. */
const ping = (many: number) => `nsenter --net=/run/netns/vm1 ping -qc ${many} -i 0.05 ${address.vm2}`;

for (const kernel of kernelVersions) {
  describeLive(`actions of the switch of a host with kernel ${kernel}`, ["root", "lab", "debian"], () => {
    const lab = sharedLab(kernel);

    test("are counted for each packet, with the port that it goes to", { timeout: patienceMs }, async () => {
      const { host } = lab();
      // The tracepoint came with Linux 6.1.
      if (kernel === "5.10") {
        const [row] = rowsOf(await canRun(host, ovsActionSummary));
        const missing = "tracepoint:openvswitch:ovs_do_execute_action";
        expect(row).toMatchObject({ probe: "ovsActionSummary", runs: false, missing });
        return;
      }
      await script(host, ping(5));
      const shown = await script(host, "ovs-dpctl show");
      const portOf = (device: string) => Number(new RegExp(`port (\\d+): ${device}\\b`).exec(shown)?.[1]);
      const sent = async () => Number(await script(host, "cat /sys/class/net/vnet2/statistics/tx_packets"));
      /** Pings that came, and frames that left: a busy switch may lose a packet that waits for its flow. */
      const pinged = async () => {
        const before = await sent();
        const [, came] = / (\d+) received/.exec(await script(host, ping(count))) ?? [];
        return { least: Number(came), most: (await sent()) - before };
      };
      let outputs = { least: 0, most: 0 };
      const isTrue = (seen: unknown) => {
        expect(outputs.least).toBeGreaterThan(count * 0.9);
        expect(Number(seen)).toBeGreaterThanOrEqual(outputs.least);
        expect(Number(seen)).toBeLessThanOrEqual(outputs.most);
      };
      const asked = { ...patience, device: "vnet1", dst: address.vm2, protocol: "ICMP" } as const;
      const seen = await ovsActionSummary(host, {
        ...asked,
        during: async () => {
          outputs = await pinged();
        },
      });
      expect(seen.provenance).toMatchObject({ lost: 0, details: { detached: "proved" } });
      const rows = rowsOf(seen).map(({ device, action, port, count }) => [device, action, port, count]);
      // Through connection tracking once, and looked up once more behind it; those that come before the first answer are committed there.
      const tracked = rows.find(([, action]) => action === "ct")?.[3];
      expect(tracked).toBeGreaterThan(count);
      expect(tracked).toBeLessThan(2 * count);
      expect(rows).toContainEqual(["vnet1", "recirc", null, count]);
      const output = rows.find(([, action, port]) => action === "output" && port === portOf("vnet2"));
      isTrue(output?.[3]);
      const events = await ovsActionEvents(host, {
        ...asked,
        actions: ["output", "recirc"],
        during: async () => {
          outputs = await pinged();
        },
      });
      expect(events.provenance.lost).toBe(0);
      const { values } = await events.sql(
        `SELECT action, port, to_recirc_id > 0, last, count(*)::INTEGER FROM this GROUP BY ALL ORDER BY action`,
      );
      expect(values).toEqual([
        ["output", portOf("vnet2"), null, true, expect.any(Number)],
        ["recirc", null, true, true, count],
      ]);
      isTrue((values as unknown[][])[0]?.[4]);
    });
  });
}
