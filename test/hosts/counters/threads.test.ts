import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { expect, test } from "vitest";
import { threadsOf } from "../../../lib/hosts/counters/threads.js";
import { localhost, threadCpu } from "../../../lib/index.js";

interface Made {
  process?: number;
  thread: number;
  name?: string;
  began?: number;
  policy?: number;
  times: string;
}

const reading = (at: string, made: Made[]) => {
  const path = ({ process, thread }: Made) => `/proc/${process ?? thread}/task/${thread}`;
  const stat = (one: Made) => {
    const { thread, name = "worker", began = 5, policy = 0 } = one;
    const zeros = (count: number) => Array(count).fill("0").join(" ");
    return `${path(one)}/stat:${thread} (${name}) S ${zeros(18)} ${began} ${zeros(16)} 3 ${zeros(1)} ${policy} ${zeros(11)}`;
  };
  const schedstat = made.map((one) => `${path(one)}/schedstat:${one.times}`).join("\n");
  return {
    sections: { at, stat: made.map(stat).join("\n"), schedstat },
    partial: false,
    recordingId: null,
  };
};

test("each thread has what it ran and waited, the longest wait first, whatever its name", () => {
  const frame = threadsOf(
    "h1",
    reading("100.00", [
      { thread: 10, times: "1000 2000 3" },
      { process: 10, thread: 11, name: "a) (b", policy: 1, times: "0 0 0" },
    ]),
    reading("102.00", [
      { thread: 10, times: "1000000001000 2000 3" },
      { process: 10, thread: 11, name: "a) (b", policy: 1, times: "500000000 1000000000 4" },
    ]),
  );
  expect(frame.values).toEqual([
    [10, 11, "a) (b", 3, "FIFO", 500_000_000, 1_000_000_000, 25, 50, 4, 250_000_000],
    [10, 10, "worker", 3, "OTHER", 1_000_000_000_000, 0, 50_000, 0, 0, null],
  ]);
  expect(frame.provenance.notes).toEqual([]);
});

test("a thread that began, ended, or has another's number is left out, which is said", () => {
  const frame = threadsOf(
    "h1",
    reading("1.00", [
      { thread: 10, times: "1 1 1" },
      { thread: 12, times: "1 1 1" },
      { thread: 13, times: "1 1 1" },
    ]),
    reading("2.00", [
      { thread: 10, times: "2 2 2" },
      { thread: 13, began: 9, times: "0 0 0" },
      { thread: 14, times: "5 5 5" },
    ]),
  );
  expect((frame.values as unknown[][]).map(([, thread]) => thread)).toEqual([10]);
  expect(frame.provenance.notes).toEqual(["4 threads began or ended between the readings, and are not here"]);
});

test("threads are chosen by number and by name", () => {
  const both = [
    { thread: 10, name: "one", times: "0 0 0" },
    { thread: 11, name: "two", times: "0 0 0" },
  ];
  const chosen = (by: object) =>
    (threadsOf("h1", reading("1.00", both), reading("2.00", both), by).values as unknown[][]).map(
      ([, thread]) => thread,
    );
  expect(chosen({ threads: 11 })).toEqual([11]);
  expect(chosen({ threads: [10, 12] })).toEqual([10]);
  expect(chosen({ command: "one" })).toEqual([10]);
  expect(chosen({ command: "none" })).toEqual([]);
});

test("two threads that share a CPU run for half of the time, as their CPU time says, and wait for the other half", async () => {
  const start = () => execa("taskset", ["-c", "0", "perl", "-e", "alarm 60; 1 while 1"], { reject: false });
  const both = [start(), start()];
  const threads = both.map(({ pid }) => pid as number);
  /** In ticks of 10 ms, from the accounting of processes. */
  const cpuTime = (pid: number) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  };
  try {
    let inside = 0;
    const before = cpuTime(threads[0] as number);
    const spent = await threadCpu(localhost(), {
      seconds: 30,
      threads,
      during: async () => {
        const began = cpuTime(threads[0] as number);
        await sleep(2_000);
        inside = cpuTime(threads[0] as number) - began;
      },
    });
    const whole = cpuTime(threads[0] as number) - before;
    expect(spent.shape[0]).toBe(2);
    for (const row of spent.values as unknown[][]) {
      const [, , command, cpu, policy, run, wait, runPercent, waitPercent] = row;
      expect([command, cpu, policy]).toEqual(["perl", 0, "OTHER"]);
      expect(Number(wait)).toBeGreaterThan(0);
      expect(Number(runPercent) + Number(waitPercent)).toBeLessThan(103);
      if (row[1] !== threads[0]) continue;
      expect(Number(run) / 1e9).toBeGreaterThan(inside - 0.1);
      expect(Number(run) / 1e9).toBeLessThan(whole + 0.1);
    }
  } finally {
    for (const one of both) {
      one.kill("SIGKILL");
      await one;
    }
  }
});

test("refuses what no thread has", async () => {
  for (const wrong of [{ threads: 0 }, { threads: [] }, { command: "" }, { seconds: 0 }])
    await expect(threadCpu(localhost(), wrong)).rejects.toMatchObject({ code: "BAD_PARAMETER" });
});
