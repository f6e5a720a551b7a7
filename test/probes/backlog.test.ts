import { afterAll, beforeAll, expect, test } from "vitest";
import { backlogEvents, backlogSummary, localhost } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { rowsOf } from "../fixtures/rows.js";
import { countedInSoftirqs } from "../fixtures/softirqs.js";
import { makePair, type Pair } from "./pair.js";

const port = 4_000;

describeLive("packets in a backlog", ["root", "bpftrace", "tracing", "namespaces", "python"], () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await makePair("skb-backlog");
  });
  afterAll(() => pair?.remove());

  /** What the driver says it has received: no probe reads it. */
  async function received(): Promise<number> {
    const { stdout } = await pair.inside(pair.receiving, [
      "ip",
      "-s",
      "-j",
      "link",
      "show",
      "dev",
      pair.peer,
    ]);
    const [link] = JSON.parse(String(stdout)) as { stats64: { rx: { packets: number } } }[];
    return link?.stats64.rx.packets ?? 0;
  }

  /** Lets one CPU receive what another was given: receive packet steering. */
  const steer = (cpus: number) =>
    pair.inside(pair.receiving, [
      ...["unshare", "-m", "sh", "-c"],
      `mount -t sysfs sysfs /sys && echo ${cpus} > /sys/class/net/${pair.peer}/queues/rx-0/rps_cpus`,
    ]);

  test("are each counted once, on the CPU that they were put there by", countedInSoftirqs, async () => {
    await steer(0);
    const before = await received();
    let tookNs = 0;
    const seen = await backlogSummary(localhost(), {
      seconds: 20,
      device: pair.peer,
      by: ["device", "migrated", "from_cpu", "cpu"],
      during: async () => {
        const began = performance.now();
        await pair.send({ count: 2_000, size: 100, port, cpu: 0 });
        tookNs = (performance.now() - began) * 1e6;
      },
    });
    const packets = (await received()) - before;
    expect(packets).toBe(2_000);
    expect(seen.provenance).toMatchObject({ lost: 0, details: { detached: "proved" } });
    const rows = rowsOf(seen);
    expect(rows).toMatchObject([
      { device: pair.peer, migrated: false, from_cpu: 0, cpu: 0, interval: "received", count: packets },
    ]);
    // Each waits in its sender's call: all of them together no longer than that took.
    expect(Number(rows[0]?.total_ns)).toBeLessThanOrEqual(tookNs);
    expect(Number(rows[0]?.total_ns)).toBeGreaterThan(0);
  });

  test("that are steered to another CPU are told apart, one row each", countedInSoftirqs, async () => {
    await steer(2);
    try {
      const asked = { seconds: 20, device: pair.peer, protocol: "UDP", dstPort: port } as const;
      const during = async () => {
        await pair.send({ count: 40, size: 100, port, cpu: 0, gap: 0.002 });
        await pair.send({ count: 10, size: 100, port: port + 1, cpu: 0 });
      };
      const seen = await backlogSummary(localhost(), {
        ...asked,
        by: ["migrated", "from_cpu", "cpu"],
        during,
      });
      expect(rowsOf(seen)).toMatchObject([
        { migrated: true, from_cpu: 0, cpu: 1, interval: "received", count: 40 },
      ]);
      const slow = await backlogEvents(localhost(), { ...asked, slowerThanUs: 0, stacks: true, during });
      expect(slow.provenance.lost).toBe(0);
      const { values } = await slow.sql(
        "SELECT DISTINCT device, ending, from_cpu, cpu, src, dst, dst_port, length_bytes, count(*) OVER ()::INTEGER, min(waited_ns) OVER () > 0, min(position('netif_receive_skb' IN stack)) OVER () > 0 FROM this",
      );
      expect(values).toEqual([[pair.peer, "received", 0, 1, pair.from, pair.to, port, 128, 40, true, true]]);
    } finally {
      await steer(0);
    }
  });
});
