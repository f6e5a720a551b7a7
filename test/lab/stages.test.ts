import { expect, test } from "vitest";
import { stageSummary } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { kernelVersions } from "./kernels.js";
import { sharedLab } from "./shared.js";
import { address } from "./topology/topology.js";

const patienceMs = 1_200_000;

for (const kernel of kernelVersions) {
  describeLive(`stages of a host with kernel ${kernel}`, ["root", "lab", "debian"], () => {
    const lab = sharedLab(kernel);

    test("of what the host itself sends are told by flow", {
      timeout: patienceMs,
    }, async () => {
      const { host } = lab();
      const ping = (count: number, to: string) =>
        host.exec(["ping", "-q", "-n", "-c", String(count), "-i", "0.1", to], { deadlineSeconds: 30 });
      const flows = await stageSummary(host, {
        ...{ from: "stack", to: ["vnet1", "uplink0"], protocol: "ICMP", by: ["flow"] },
        ...{ seconds: 120, attachSeconds: 240, timeoutMs: 5_000 },
        during: async () => {
          // One after the other, so that what is left of one packet could be taken for another's.
          for (const [count, to] of [
            [7, address.vm1] as const,
            [5, address.client] as const,
            [3, address.vm1] as const,
          ])
            await ping(count, to);
        },
      });
      expect(flows.provenance.lost).toBe(0);
      const { values } = await flows.sql(
        `SELECT dst, count::INTEGER, started::INTEGER, completed::INTEGER FROM this
         WHERE pair = 'total' AND (dst IS NULL OR dst IN ('${address.vm1}', '${address.client}')) ORDER BY count DESC`,
      );
      expect(values).toEqual([
        [null, 15, 15, 15],
        [address.vm1, 10, 10, 10],
        [address.client, 5, 5, 5],
      ]);
    });
  });
}
