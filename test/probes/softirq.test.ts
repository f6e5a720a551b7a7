import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { latencyByCpu, localhost, softirqEvents, softirqSummary } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { rowsOf } from "../fixtures/rows.js";

/** How often softirqs have run, by vector, as the kernel itself counts: no probe reads it. */
function counted(): Map<string, number> {
  const lines = readFileSync("/proc/softirqs", "utf8").trim().split("\n").slice(1);
  return new Map(
    lines.map((line) => {
      const [name = "", ...cpus] = line.trim().split(/:?\s+/);
      return [name, cpus.reduce((sum, one) => sum + Number(one), 0)];
    }),
  );
}

const difference = (after: Map<string, number>, before: Map<string, number>, vector: string) =>
  (after.get(vector) ?? 0) - (before.get(vector) ?? 0);

async function sendDatagrams(count: number): Promise<void> {
  const socket = createSocket("udp4");
  for (let i = 0; i < count; i += 1) await new Promise((sent) => socket.send("x", 9, "127.0.0.1", sent));
  socket.close();
}

describeLive("softirqs", ["root", "bpftrace", "tracing"], () => {
  test("run as often as the kernel counts, by vector", async () => {
    let [began, ended] = [new Map<string, number>(), new Map<string, number>()];
    const before = counted();
    const seen = await softirqSummary(localhost(), {
      seconds: 10,
      during: async () => {
        began = counted();
        await sendDatagrams(2_000);
        ended = counted();
      },
    });
    const after = counted();
    expect(seen.provenance.lost).toBe(0);
    const { missed = 0 } = seen.provenance.details.selfCost as { missed?: number };
    const rows = rowsOf(seen);
    for (const vector of ["NET_RX", "TIMER", "RCU"]) {
      const of = (interval: string) =>
        Number(rows.find((row) => row.vector === vector && row.interval === interval)?.count ?? 0);
      const inside = difference(ended, began, vector);
      expect(of("running"), vector).toBeGreaterThanOrEqual(inside - missed - 2);
      // bpftrace lets go of one hook after the other: of begins later than of ends.
      for (const interval of ["running", "waiting"])
        expect(of(interval), `${vector} ${interval}`).toBeLessThanOrEqual(
          difference(after, before, vector) + 1,
        );
    }
    expect(difference(ended, began, "NET_RX")).toBeGreaterThan(100);
  });

  test("are told apart by CPU and by the thread that runs them, and filtered by vector", async () => {
    const seen = await softirqSummary(localhost(), {
      seconds: 10,
      vectors: ["NET_RX"],
      by: ["vector", "cpu", "ksoftirqd"],
      during: () => sendDatagrams(2_000),
    });
    const rows = rowsOf(seen);
    expect(new Set(rows.map(({ vector }) => vector))).toEqual(new Set(["NET_RX"]));
    expect(rows.some(({ ksoftirqd }) => ksoftirqd === false)).toBe(true);
    for (const { cpu } of rows) expect(Number(cpu)).toBeGreaterThanOrEqual(0);
  });

  test("have a row each, with the time that they waited and ran, and are drawn by CPU", async () => {
    const asked = { seconds: 10, vectors: ["NET_RX" as const], slowerThanUs: 0 };
    let [began, ended] = [new Map<string, number>(), new Map<string, number>()];
    const before = counted();
    const seen = await softirqEvents(localhost(), {
      ...asked,
      during: async () => {
        began = counted();
        await sendDatagrams(500);
        ended = counted();
      },
    });
    const after = counted();
    expect(seen.provenance.lost).toBe(0);
    const { missed = 0 } = seen.provenance.details.selfCost as { missed?: number };
    const { values } = await seen.sql(`
      SELECT count(*)::INTEGER, bool_and(vector = 'NET_RX' AND ran_ns > 0 AND coalesce(waited_ns, 1) > 0 AND cpu >= 0 AND command <> ''),
        bool_and(ksoftirqd = (command LIKE 'ksoftirqd%')) FROM this`);
    const [rows, sound, named] = values[0] as [number, boolean, boolean];
    expect([sound, named]).toEqual([true, true]);
    expect(rows).toBeGreaterThanOrEqual(difference(ended, began, "NET_RX") - missed - 2);
    expect(rows).toBeLessThanOrEqual(difference(after, before, "NET_RX") + 1);
    const slow = await seen.sql(
      "SELECT count(*)::INTEGER FROM this WHERE greatest(waited_ns, ran_ns) >= 50000",
    );
    expect(Number((slow.values as number[][])[0]?.[0])).toBeLessThan(rows);
    expect(await (await latencyByCpu(seen)).svg()).toContain(">CPU</text>");
  });

  test("that are fast have no row", async () => {
    const seen = await softirqEvents(localhost(), {
      seconds: 10,
      slowerThanUs: 60_000_000,
      during: () => sendDatagrams(200),
    });
    expect([await seen.count(), seen.provenance.lost]).toEqual([0, 0]);
  });

  test("of a name that the kernel doesn't have are refused", async () => {
    await expect(
      softirqSummary(localhost(), { seconds: 1, vectors: "NET_XX" as never }),
    ).rejects.toMatchObject({
      code: "BAD_PARAMETER",
    });
  });
});
