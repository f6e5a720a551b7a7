import { expect, test } from "vitest";
import { lockSummary } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { rowsOf } from "../fixtures/rows.js";
import { kernelVersions } from "./kernels.js";
import { sharedLab } from "./shared.js";

const patience = { seconds: 120, attachSeconds: 240 };

for (const kernel of kernelVersions) {
  describeLive(`locks of ovs-vswitchd with kernel ${kernel}`, ["root", "lab", "debian"], () => {
    const lab = sharedLab(kernel);

    test("are seen by function, lock and caller", { timeout: 1_200_000 }, async () => {
      const { host } = lab();
      const said = async (...command: string[]) => (await host.exec(command, { deadlineSeconds: 60 })).stdout;
      const process = Number(await said("cat", "/run/openvswitch/ovs-vswitchd.pid"));
      const asked = { ...patience, process, by: ["function", "lock", "result", "caller"] as const };
      // The bpftrace of Debian 12 can't keep uprobes to one process.
      const others = kernel !== "6.12";
      if (others)
        await expect(lockSummary(host, { ...patience, process })).rejects.toMatchObject({
          code: "OTHER_PROCESSES",
        });
      const seen = await lockSummary(host, {
        ...{ ...asked, by: [...asked.by], others },
        during: () =>
          said("sh", "-c", "for i in 1 2 3; do ovs-appctl dpif/show; ovs-appctl coverage/show; done"),
      });
      expect(seen.provenance).toMatchObject({ lost: 0, partial: false, details: { detached: "proved" } });
      const rows = rowsOf(seen);
      const code = [
        ...(await said("cat", `/proc/${process}/maps`)).matchAll(/^([0-9a-f]+)-([0-9a-f]+) r-xp .*?(\S*)$/gm),
      ];
      const fileOf = (address: bigint) =>
        code.find(([, from, to]) => BigInt(`0x${from}`) <= address && address < BigInt(`0x${to}`))?.[3];
      const files = rows.map(({ caller }) => fileOf(BigInt(String(caller))));
      expect(files).not.toContain(undefined);
      expect(files.some((file) => /ovs-vswitchd|openvswitch/.test(String(file)))).toBe(true);
      expect(new Set(rows.map(({ function: name }) => name))).toContain("pthread_mutex_lock");
      for (const row of rows) {
        expect(row).toMatchObject({ result: "locked", interval: "waiting" });
        expect(Number(row.count)).toBeGreaterThan(0);
      }
    });
  });
}
