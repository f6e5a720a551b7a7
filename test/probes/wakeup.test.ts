import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { localhost, wakeupEvents, wakeupSummary } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { rowsOf } from "../fixtures/rows.js";
import { makeRealTime, start } from "./threads.js";

/** What the kernel itself says a process waited in a run queue, of its first thread: no probe reads it. */
const waitedNs = (pid: number) => Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").trim().split(" ")[1]);
const switchesOf = (pid: number) =>
  Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
/** Hundredths of a second that a CPU was idle, as /proc/stat counts. */
const idleTicks = (cpu: number) =>
  Number(new RegExp(`^cpu${cpu} \\d+ \\d+ \\d+ (\\d+)`, "m").exec(readFileSync("/proc/stat", "utf8"))?.[1]);

const sleeps = "$0 = 'skb-sleeper'; select undef, undef, undef, 0.002 while 1";
/** Has the CPU for 20 ms of every 40. */
const hogs =
  "use Time::HiRes 'time'; $0 = 'skb-hog'; while (1) { my $end = time + 0.02; 1 while time < $end; select undef, undef, undef, 0.02 }";

describeLive("wake-ups", ["root", "bpftrace", "tracing"], () => {
  test("of a thread behind a real-time one wait as long as the kernel counts", async () => {
    const [sleeper, hog] = [start(sleeps), start(hogs)];
    try {
      await makeRealTime(sleeper.pid, 5);
      await makeRealTime(hog.pid, 10);
      let [inside, wakeups] = [0, 0];
      const before = { waited: waitedNs(sleeper.pid), switches: switchesOf(sleeper.pid) };
      const seen = await wakeupSummary(localhost(), {
        seconds: 10,
        by: ["command", "cpu"],
        threads: sleeper.pid,
        during: async () => {
          const began = { waited: waitedNs(sleeper.pid), switches: switchesOf(sleeper.pid) };
          await sleep(3_000);
          inside = waitedNs(sleeper.pid) - began.waited;
          wakeups = switchesOf(sleeper.pid) - began.switches;
        },
      });
      const whole = waitedNs(sleeper.pid) - before.waited;
      expect(seen.provenance.lost).toBe(0);
      const rows = rowsOf(seen);
      const of = (name: string) => rows.filter(({ interval }) => interval === name);
      expect(rows.map(({ interval }) => interval)).toEqual(["waking", "queued", "whole"]);
      for (const { command, cpu } of rows) expect([command, cpu]).toEqual(["skb-sleeper", 0]);
      const [waking, queued, both] = ["waking", "queued", "whole"].map((name) => of(name)[0]);
      expect(inside).toBeGreaterThan(500_000_000);
      expect(Number(queued?.total_ns)).toBeGreaterThan(inside * 0.9);
      expect(Number(queued?.total_ns)).toBeLessThan(whole * 1.01);
      expect(Number(both?.total_ns)).toBe(Number(waking?.total_ns) + Number(queued?.total_ns));
      expect(Number(queued?.count)).toBeGreaterThanOrEqual(wakeups - 1);
      expect(Number(queued?.count)).toBeLessThanOrEqual(switchesOf(sleeper.pid) - before.switches + 1);
      // A burst of 20 ms is seen from somewhere in it until its end.
      expect(Number(queued?.max_high_ns)).toBeGreaterThan(15_000_000);
    } finally {
      await Promise.all([sleeper.end(), hog.end()]);
    }
  });

  test("that took long have a row that names who had the CPU", async () => {
    const [sleeper, hog] = [start(sleeps), start(hogs)];
    try {
      await makeRealTime(sleeper.pid, 5);
      await makeRealTime(hog.pid, 10);
      const table = await wakeupEvents(localhost(), {
        seconds: 2,
        threads: sleeper.pid,
        slowerThanUs: 10_000,
      });
      const frame = await table.toFrame();
      expect(frame.provenance.lost).toBe(0);
      const rows = rowsOf(frame);
      expect(rows.length).toBeGreaterThan(10);
      for (const row of rows) {
        expect(row).toMatchObject({ command: "skb-sleeper", thread: sleeper.pid, cpu: 0, chosen_cpu: 0 });
        expect(Number(row.waking_ns) + Number(row.queued_ns)).toBe(Number(row.whole_ns));
        expect(Number(row.whole_ns)).toBeGreaterThanOrEqual(10_000_000);
        expect(row.idle_state).toMatch(/^(none|state\d)$/);
        expect(row.waker).toMatch(/./);
      }
      const behind = rows.filter(
        ({ before, before_thread, idle_state }) =>
          before === "skb-hog" && before_thread === hog.pid && idle_state === "none",
      );
      // Of 50 bursts; others use this CPU, too.
      expect(behind.length).toBeGreaterThan(10);
    } finally {
      await Promise.all([sleeper.end(), hog.end()]);
    }
  });

  test("find the CPU asleep where the kernel counts that it idled, and never behind one that has it always", async () => {
    const sleeper = start("$0 = 'skb-sleeper'; select undef, undef, undef, 0.01 while 1", 1);
    const asked = { command: "skb-sleeper", by: ["idle_state", "cpu", "waker_cpu"] as const };
    const states = async () => {
      let idled = 0;
      const seen = await wakeupSummary(localhost(), {
        seconds: 10,
        ...asked,
        by: [...asked.by],
        during: async () => {
          const began = idleTicks(1);
          await sleep(2_000);
          idled = idleTicks(1) - began;
        },
      });
      const rows = rowsOf(seen).filter(({ interval }) => interval === "whole");
      expect(rows.reduce((sum, { count }) => sum + Number(count), 0)).toBeGreaterThan(20);
      for (const row of rows) {
        expect(row.cpu).toBe(1);
        expect(Number(row.waker_cpu)).toBeLessThan(cpus().length);
      }
      return { idled, all: new Set(rows.map(({ idle_state }) => String(idle_state))) };
    };
    try {
      const alone = await states();
      if (alone.idled > 100) expect([...alone.all].filter((one) => /^state\d$/.test(one))).not.toEqual([]);
      const hog = start("1 while 1", 1);
      try {
        expect((await states()).all).toEqual(new Set(["none"]));
      } finally {
        await hog.end();
      }
    } finally {
      await sleeper.end();
    }
  });

  test("of idle threads are not there", async () => {
    const seen = await wakeupSummary(localhost(), { seconds: 1, by: ["thread", "command"] });
    const rows = rowsOf(seen);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter(({ thread }) => thread === 0)).toEqual([]);
  });
});
