import { expect, test } from "vitest";
import { type Host, irqSummary, queueSummary } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { rowsOf } from "../fixtures/rows.js";
import { kernelVersions } from "./kernels.js";
import { script } from "./script.js";
import { sharedLab } from "./shared.js";
import { address } from "./topology/topology.js";

const patience = { seconds: 120, attachSeconds: 240 };
const patienceMs = 1_200_000;

type Counts = Map<string, number>;

/** What devices themselves have counted, by `DEVICE DIRECTION`: no probe reads it. */
async function counted(host: Host): Promise<Counts> {
  const text = await script(host, "grep -H . /sys/class/net/*/statistics/[rt]x_packets");
  const lines = text.matchAll(/^\/sys\/class\/net\/([^/]+)\/statistics\/([rt]x)_packets:(\d+)$/gm);
  return new Map([...lines].map(([, device, direction, count]) => [`${device} ${direction}`, Number(count)]));
}

/** How often each CPU was interrupted by devices, by `IRQ CPU`. */
async function interrupted(host: Host): Promise<Counts> {
  const [head = "", ...lines] = (await script(host, "cat /proc/interrupts")).split("\n");
  const cpus = head.trim().split(/\s+/).length;
  return new Map(
    lines.flatMap((line) => {
      const [, irq, rest = ""] = /^\s*(\d+):\s+(.*)$/.exec(line) ?? [];
      const counts = irq === undefined ? [] : rest.split(/\s+/).slice(0, cpus);
      return counts.map((count, cpu) => [`${irq} ${cpu}`, Number(count)] as const);
    }),
  );
}

const change = (after: Counts, before: Counts, place: string) =>
  (after.get(place) ?? 0) - (before.get(place) ?? 0);

/** Pings through the host from a client to a virtual machine, and to the host's own port on the switch. */
const pings = [
  `nsenter --net=/run/netns/client ping -qc 200 -i 0.01 -s 500 ${address.vm1} > /dev/null`,
  `nsenter --net=/run/netns/client ping -qc 100 -i 0.01 ${address.uplink} > /dev/null`,
].join("; ");

for (const kernel of kernelVersions) {
  describeLive(`queues and interrupts of a host with kernel ${kernel}`, ["root", "lab", "debian"], () => {
    const lab = sharedLab(kernel);
    const options = { timeout: patienceMs };

    test("frames are as many as the devices themselves count", options, async () => {
      const { host } = lab();
      const before = await counted(host);
      let [began, ended] = [before, before];
      const seen = await queueSummary(host, {
        ...patience,
        by: ["device", "direction"],
        during: async () => {
          began = await counted(host);
          await script(host, pings);
          ended = await counted(host);
        },
      });
      const after = await counted(host);
      expect(seen.provenance).toMatchObject({ lost: 0, details: { detached: "proved" } });
      const rows = rowsOf(seen).filter(({ quantity }) => quantity === "frame");
      for (const device of ["uplink0", "vnet1"]) {
        for (const direction of ["rx", "tx"]) {
          const place = `${device} ${direction}`;
          const row = rows.find((one) => one.device === device && one.direction === direction);
          const inside = change(ended, began, place);
          expect(inside, place).toBeGreaterThanOrEqual(200);
          expect(Number(row?.count), place).toBeGreaterThanOrEqual(inside);
          expect(Number(row?.count), place).toBeLessThanOrEqual(change(after, before, place));
        }
      }
    });

    test("interrupts are as many as the kernel itself counts, by CPU", options, async () => {
      const { host } = lab();
      const before = await interrupted(host);
      let [began, ended] = [before, before];
      const seen = await irqSummary(host, {
        ...patience,
        during: async () => {
          began = await interrupted(host);
          await script(host, "for i in 1 2 3 4 5 6 7 8 9 10; do echo $i; sleep 0.1; done");
          ended = await interrupted(host);
        },
      });
      const after = await interrupted(host);
      expect(seen.provenance).toMatchObject({ lost: 0, details: { detached: "proved" } });
      const { missed = 0 } = seen.provenance.details.selfCost as { missed?: number };
      const rows = rowsOf(seen);
      expect(rows.length).toBeGreaterThan(0);
      let inside = 0;
      for (const place of after.keys()) {
        // An interrupt that several devices share has a row for each of them.
        const counts = rows
          .filter(({ irq, cpu }) => `${irq} ${cpu}` === place)
          .map(({ count }) => Number(count));
        const most = Math.max(0, ...counts);
        inside += change(ended, began, place);
        expect(most, place).toBeGreaterThanOrEqual(change(ended, began, place) - missed);
        expect(most, place).toBeLessThanOrEqual(change(after, before, place));
      }
      expect(inside).toBeGreaterThan(10);
    });
  });
}
