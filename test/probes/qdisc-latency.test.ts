import { afterAll, beforeAll, expect, test } from "vitest";
import { localhost, qdiscLatencyEvents, qdiscLatencySummary } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { type Row, rowsOf } from "../fixtures/rows.js";
import { countedInSoftirqs } from "../fixtures/softirqs.js";
import { makePair, type Pair } from "./pair.js";

const port = 4_000;

/** Sends messages of ten segments, which the kernel cuts up on their way out: UDP_SEGMENT. */
const segmented = `
import socket, sys
to, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.setsockopt(17, 103, 1000)
for _ in range(count):
    out.sendto(bytes(10000), (to, port))
`;

interface Discipline {
  kind: string;
  packets: number;
  drops: number;
}

const countOf = (rows: Row[], interval: string) =>
  rows.filter((row) => row.interval === interval).reduce((sum, row) => sum + Number(row.count), 0);

// What a shaper holds leaves in softirqs of its timer, on top of whatever thread runs then.
describeLive("packets on their way out", ["root", "bpftrace", "tracing", "namespaces", "python"], () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await makePair("skb-queue");
  });
  afterAll(() => pair?.remove());

  /** What the root discipline says it has sent and dropped: no probe reads it. */
  async function counted(): Promise<Discipline> {
    const { stdout } = await pair.inside(pair.sending, [
      "tc",
      "-s",
      "-j",
      "qdisc",
      "show",
      "dev",
      pair.device,
    ]);
    const [root] = JSON.parse(String(stdout)) as Discipline[];
    if (root === undefined) throw new Error(`${pair.device} has no queueing discipline`);
    return root;
  }

  /** What the driver says it has sent. */
  async function transmitted(): Promise<number> {
    const { stdout } = await pair.inside(pair.sending, [
      "ip",
      "-s",
      "-j",
      "link",
      "show",
      "dev",
      pair.device,
    ]);
    const [link] = JSON.parse(String(stdout)) as { stats64: { tx: { packets: number } } }[];
    return link?.stats64.tx.packets ?? 0;
  }

  const put = (...discipline: string[]) =>
    pair.inside(pair.sending, ["tc", "qdisc", "replace", "dev", pair.device, "root", ...discipline]);

  test(
    "of a shaped queue wait as long as its rate makes them, and those for which it has no room are dropped",
    countedInSoftirqs,
    async () => {
      await put("tbf", "rate", "1mbit", "burst", "2kb", "limit", "20kb");
      const before = await counted();
      const frameBytes = 1_000 + 42;
      let [sendingNs, wholeNs] = [0, 0];
      const seen = await qdiscLatencySummary(localhost(), {
        seconds: 20,
        device: pair.device,
        during: async () => {
          const began = performance.now();
          sendingNs = await pair.send({ count: 60, size: 1_000, port });
          for (let now = before; now.packets + now.drops < 60 + before.packets + before.drops; )
            now = await counted();
          wholeNs = (performance.now() - began) * 1e6;
        },
      });
      const after = await counted();
      const [packets, drops] = [after.packets - before.packets, after.drops - before.drops];
      expect(drops).toBeGreaterThan(10);
      expect(packets).toBeGreaterThan(10);
      expect(seen.provenance).toMatchObject({ lost: 0, details: { detached: "proved" } });
      const rows = rowsOf(seen);
      expect(new Set(rows.map(({ qdisc, device }) => `${device} ${qdisc}`))).toEqual(new Set(["q0 tbf"]));
      expect(countOf(rows, "queued")).toBe(packets);
      expect(countOf(rows, "dropped")).toBe(drops);
      expect(countOf(rows, "bypassed") + countOf(rows, "unseen")).toBe(0);
      // The last left when its rate allowed, and all were there when the sender was done; the bucket is full at first.
      const lastNs = ((packets * frameBytes - 2_048) * 8 * 1e9) / 1e6;
      const queued = rows.find(({ interval }) => interval === "queued");
      expect(Number(queued?.max_high_ns)).toBeGreaterThanOrEqual((lastNs - sendingNs) * 0.95);
      expect(Number(queued?.max_low_ns)).toBeLessThanOrEqual(wholeNs);
      expect(Number(queued?.total_ns)).toBeGreaterThanOrEqual(packets * (lastNs / 2 - sendingNs) * 0.95);
      expect(Number(queued?.p50_low_ns)).toBeLessThan(Number(queued?.max_low_ns));
    },
  );

  test("that find a queue empty bypass it, and those of a device without one have none to wait in", async () => {
    for (const [discipline, name] of [
      [["pfifo", "limit", "100"], "pfifo"],
      [["noqueue"], "noqueue"],
    ] as const) {
      await put(...discipline);
      const before = await transmitted();
      const seen = await qdiscLatencySummary(localhost(), {
        seconds: 20,
        device: pair.device,
        by: ["queue", "qdisc"],
        during: () => pair.send({ count: 50, size: 100, port, gap: 0.001 }),
      });
      const packets = (await transmitted()) - before;
      expect(packets).toBe(50);
      const rows = rowsOf(seen);
      expect(rows.map(({ queue, qdisc, interval, count }) => [queue, qdisc, interval, count])).toEqual([
        [0, name, "bypassed", packets],
      ]);
    }
  });

  test(
    "that are cut up on their way have no time, whatever memory their pieces get",
    countedInSoftirqs,
    async () => {
      await put("tbf", "rate", "100mbit", "burst", "4kb", "limit", "1mb");
      const before = await transmitted();
      const seen = await qdiscLatencySummary(localhost(), {
        seconds: 20,
        device: pair.device,
        during: async () => {
          await pair.inside(pair.sending, ["python3", "-c", segmented, pair.to, String(port), "30"]);
          while ((await transmitted()) - before < 300);
        },
      });
      expect(rowsOf(seen)).toMatchObject([
        {
          device: pair.device,
          qdisc: "tbf",
          interval: "unseen",
          count: 300,
          total_ns: null,
          p50_low_ns: null,
          max_high_ns: null,
        },
      ]);
    },
  );

  test("are those of the filter, and one row each where they waited long", countedInSoftirqs, async () => {
    await put("tbf", "rate", "1mbit", "burst", "4kb", "limit", "100kb");
    const asked = { seconds: 20, device: pair.device, dst: pair.to, dstPort: port, protocol: "UDP" } as const;
    const before = await counted();
    const flood = async () => {
      await pair.send({ count: 5, size: 1_000, port });
      await pair.send({ count: 10, size: 1_000, port: port + 1 });
      while ((await counted()).packets - before.packets < 15);
    };
    const slow = await qdiscLatencyEvents(localhost(), { ...asked, slowerThanUs: 0, during: flood });
    const rows = await slow.sql(
      "SELECT device, qdisc, queue, ending, src, dst, dst_port, length_bytes, waited_ns::DOUBLE AS waited_ns FROM this ORDER BY waited_ns",
    );
    expect(rows.values).toHaveLength(5);
    for (const row of rows.values as unknown[][])
      expect(row.slice(0, 8)).toEqual([pair.device, "tbf", 0, "queued", pair.from, pair.to, port, 1_028]);
    await put("tbf", "rate", "1mbit", "burst", "4kb", "limit", "100kb");
    const summary = rowsOf(
      await qdiscLatencySummary(localhost(), {
        ...asked,
        during: async () => {
          await pair.send({ count: 5, size: 1_000, port });
          await pair.send({ count: 10, size: 1_000, port: port + 1 });
          while ((await counted()).packets < 15);
        },
      }),
    );
    expect(summary.map(({ interval, count }) => [interval, count])).toEqual([["queued", 5]]);
  });
});
