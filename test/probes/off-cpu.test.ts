import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { expect, test } from "vitest";
import { futexSummary, localhost, offCpuEvents, offCpuSummary } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { rowsOf } from "../fixtures/rows.js";
import { start } from "./threads.js";

/** Of the first thread of a process, by the kernel's own count: no probe reads it. */
const ranNs = (pid: number) => Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").trim().split(" ")[0]);
const switchesOf = (pid: number) =>
  Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);

describeLive("threads off their CPU", ["root", "bpftrace", "tracing"], () => {
  test("are so for as long as they don't run, and each sleep is as long as it was asked to be", async () => {
    const sleeper = start("$0 = 'skb-sleeper'; select undef, undef, undef, 0.05 while 1");
    try {
      const { pid } = sleeper;
      let [inside, sleeps, began, ended] = [0, 0, 0n, 0n];
      const before = switchesOf(pid);
      const seen = await offCpuSummary(localhost(), {
        seconds: 10,
        process: pid,
        by: ["command", "thread", "process", "state", "stack", "user_stack"],
        during: async () => {
          const [ran, switches] = [ranNs(pid), switchesOf(pid)];
          began = process.hrtime.bigint();
          await sleep(2_000);
          ended = process.hrtime.bigint();
          inside = Number(ended - began) - (ranNs(pid) - ran);
          sleeps = switchesOf(pid) - switches;
        },
      });
      const whole = switchesOf(pid) - before;
      expect(seen.provenance.lost).toBe(0);
      const blocked = rowsOf(seen).filter(({ interval }) => interval === "blocked");
      const of = (name: string) => blocked.reduce((sum, row) => sum + Number(row[name]), 0);
      expect(sleeps).toBeGreaterThan(10);
      expect(of("count")).toBeGreaterThanOrEqual(sleeps - 2);
      expect(of("count")).toBeLessThanOrEqual(whole + 1);
      // What it slept as the probe began and ended is not there.
      const all = rowsOf(seen).reduce((sum, row) => sum + Number(row.total_ns), 0);
      expect(all).toBeGreaterThan(inside - 2 * 60_000_000);
      for (const row of blocked) {
        expect(row).toMatchObject({ command: "skb-sleeper", thread: pid, process: pid, state: "S" });
        expect(Number(row.max_high_ns)).toBeGreaterThanOrEqual(50_000_000);
      }
      expect(blocked.some(({ stack }) => /select|schedule_hrtimeout/.test(String(stack)))).toBe(true);
      for (const { user_stack } of blocked)
        expect(user_stack).toMatch(/^(?:0x[0-9a-f]+|[\w.@]+\+\d+)(?: < (?:0x[0-9a-f]+|[\w.@]+\+\d+))*$/);
    } finally {
      await sleeper.end();
    }
  });

  test("that were stopped for a known time have a row of it", async () => {
    const spinner = start("$0 = 'skb-spinner'; 1 while 1");
    try {
      const table = await offCpuEvents(localhost(), {
        seconds: 10,
        command: "skb-spinner",
        slowerThanUs: 500_000,
        during: async () => {
          process.kill(spinner.pid, "SIGSTOP");
          await sleep(1_000);
          process.kill(spinner.pid, "SIGCONT");
          await sleep(300);
        },
      });
      const rows = rowsOf(await table.toFrame()).filter(({ state }) => state === "T");
      expect(rows).toHaveLength(1);
      const [row] = rows;
      expect(row).toMatchObject({ process: spinner.pid, thread: spinner.pid, command: "skb-spinner" });
      expect(Number(row?.off_ns)).toBeGreaterThan(950_000_000);
      expect(row?.stack).toMatch(/do_signal_stop/);
    } finally {
      await spinner.end();
    }
  });

  test("have no stacks in rows that were asked for without", async () => {
    const table = await offCpuEvents(localhost(), { seconds: 1, stacks: 0, slowerThanUs: 0, maxEvents: 50 });
    const rows = rowsOf(await table.toFrame());
    expect(rows.length).toBeGreaterThan(10);
    for (const { stack, user_stack } of rows) expect([stack, user_stack]).toEqual([null, null]);
    expect(rows.filter(({ thread }) => thread === 0)).toEqual([]);
  });
});

describeLive("waits in futex(2)", ["root", "bpftrace", "tracing"], () => {
  test("take as long as the program asks for, by address and result", async () => {
    // Node waits for a value of shared memory by a condition variable with a time limit.
    const text =
      "const all = new Int32Array(new SharedArrayBuffer(4)); const end = Date.now() + 60_000; while (Date.now() < end) Atomics.wait(all, 0, 0, 40);";
    const waiter = execa(process.execPath, ["-e", text], { reject: false });
    try {
      const pid = waiter.pid as number;
      let waits = 0;
      const before = switchesOf(pid);
      const seen = await futexSummary(localhost(), {
        seconds: 10,
        process: pid,
        threads: pid,
        by: ["process", "thread", "address", "operation", "result"],
        during: async () => {
          const began = switchesOf(pid);
          await sleep(2_000);
          waits = switchesOf(pid) - began;
        },
      });
      const whole = switchesOf(pid) - before;
      expect(seen.provenance.lost).toBe(0);
      const rows = rowsOf(seen).filter(({ result }) => result === "-ETIMEDOUT");
      expect(rows).toHaveLength(1);
      const [row] = rows;
      expect(row).toMatchObject({ process: pid, thread: pid, operation: "WAIT_BITSET", interval: "waiting" });
      expect(row?.address).toMatch(/^0x[0-9a-f]+$/);
      expect(waits).toBeGreaterThan(10);
      expect(Number(row?.count)).toBeGreaterThanOrEqual(waits - 2);
      expect(Number(row?.count)).toBeLessThanOrEqual(whole + 1);
      expect(Number(row?.p50_high_ns)).toBeGreaterThanOrEqual(40_000_000);
      expect(Number(row?.total_ns) / Number(row?.count)).toBeGreaterThanOrEqual(39_900_000);
    } finally {
      waiter.kill("SIGKILL");
      await waiter;
    }
  });

  test("refuse a key that can't be read", async () => {
    await expect(
      futexSummary(localhost(), { seconds: 1, by: ["command", "user_stack"] }),
    ).rejects.toMatchObject({ code: "BAD_PARAMETER" });
  });
});
