import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { localhost, runQueueSummary } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { rowsOf } from "../fixtures/rows.js";
import { start } from "./threads.js";

/** What the kernel itself says a process waited for a CPU, of its first thread: no probe reads it. */
const waitedNs = (pid: number) => Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").trim().split(" ")[1]);
const switchesOf = (pid: number) =>
  Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);

describeLive("threads that wait for a CPU", ["root", "bpftrace", "tracing"], () => {
  test("two that share one wait as long as the kernel counts", async () => {
    const spin = "1 while 1";
    const both = [start(spin), start(spin)];
    try {
      const threads = both.map(({ pid }) => pid);
      const [first = 0] = threads;
      let inside = 0;
      const before = waitedNs(first);
      const waited = await runQueueSummary(localhost(), {
        seconds: 10,
        by: ["thread", "cpu"],
        threads,
        during: async () => {
          const began = waitedNs(first);
          await sleep(3_000);
          inside = waitedNs(first) - began;
        },
      });
      const whole = waitedNs(first) - before;
      expect(waited.provenance.lost).toBe(0);
      const rows = rowsOf(waited).filter(({ thread }) => thread === first);
      expect(rows.every(({ cpu }) => cpu === 0)).toBe(true);
      const total = rows.reduce((sum, row) => sum + Number(row.total_ns), 0);
      expect(inside).toBeGreaterThan(500_000_000);
      // What it waits as the probe begins and ends is in the kernel's count only.
      expect(total).toBeGreaterThan(inside * 0.95);
      expect(total).toBeLessThan(whole * 1.01);
      expect(rows.find(({ interval }) => interval === "preempted")).toBeDefined();
      for (const row of rows) {
        expect(Number(row.p50_low_ns)).toBeLessThanOrEqual(Number(row.p50_high_ns));
        expect(Number(row.max_high_ns) * Number(row.count)).toBeGreaterThanOrEqual(Number(row.total_ns));
        expect(Number(row.p50_high_ns)).toBeLessThanOrEqual(Number(row.max_high_ns));
      }
    } finally {
      for (const { end } of both) await end();
    }
  });

  test("each wake-up counts once, by the name of the command", async () => {
    const sleeper = start("$0 = 'skb-sleeper'; select undef, undef, undef, 0.005 while 1");
    try {
      const { pid } = sleeper;
      let inside = 0;
      const before = switchesOf(pid);
      const waited = await runQueueSummary(localhost(), {
        seconds: 10,
        command: "skb-sleeper",
        during: async () => {
          const began = switchesOf(pid);
          await sleep(2_000);
          inside = switchesOf(pid) - began;
        },
      });
      const whole = switchesOf(pid) - before;
      const rows = rowsOf(waited);
      expect(new Set(rows.map(({ command }) => command))).toEqual(new Set(["skb-sleeper"]));
      const woken = Number(rows.find(({ interval }) => interval === "woken")?.count);
      expect(inside).toBeGreaterThan(50);
      expect(woken).toBeGreaterThanOrEqual(inside - 1);
      expect(woken).toBeLessThanOrEqual(whole + 1);
    } finally {
      await sleeper.end();
    }
  });

  test("the idle threads wait for nothing", async () => {
    const waited = await runQueueSummary(localhost(), { seconds: 1, by: ["thread", "command"] });
    const rows = rowsOf(waited);
    expect(rows.length).toBeGreaterThan(0);
    expect(
      rows.filter(({ thread, command }) => thread === 0 || String(command).startsWith("swapper")),
    ).toEqual([]);
  });

  test("refuses names and numbers that no thread has", async () => {
    for (const wrong of [
      { command: "" },
      { command: "a\nb" },
      { command: "longer than fifteen" },
      { threads: 0 },
      { threads: [] },
    ])
      await expect(runQueueSummary(localhost(), { seconds: 1, ...wrong })).rejects.toMatchObject({
        code: "BAD_PARAMETER",
      });
  });
});
