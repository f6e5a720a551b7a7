import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { expect, test } from "vitest";
import { cpuFactsOf } from "../../../lib/hosts/counters/cpu-facts.js";
import { stealOf } from "../../../lib/hosts/counters/steal.js";
import { cpuFacts, localhost, stealSummary } from "../../../lib/index.js";
import { rowsOf } from "../../fixtures/rows.js";

const reading = (sections: Record<string, string>) => ({ sections, partial: false, recordingId: null });

const cpu = "/sys/devices/system/cpu/cpu";
/** Made, since no machine of the tests has states that are deep. */
const state = (number: number, facts: Record<string, number | string>) =>
  Object.entries(facts)
    .map(([name, value]) => `${cpu}0/cpuidle/state${number}/${name}:${value}`)
    .join("\n");

test("each state of idleness has what it costs and how it was used, of each CPU what it is", () => {
  const deep = { name: "C6", latency: 190, residency: 600, disable: 0 };
  const facts = {
    online: "0-1",
    isolated: "1",
    tickless: "1",
    driver: "intel_idle",
    nodes: `${cpu}0/node0\n${cpu}1/node1`,
    siblings: `${cpu}0/topology/thread_siblings_list:0-1`,
    governors: `${cpu}0/cpufreq/scaling_governor:powersave`,
  };
  const light = { name: "C1", latency: 1, residency: 1, disable: 1, usage: 5, time: 7 };
  const [first, second] = [
    state(1, { ...deep, usage: 10, time: 1_000, above: 3, below: 1 }),
    state(1, { ...deep, usage: 110, time: 501_000, above: 53, below: 2 }),
  ];
  const frame = cpuFactsOf(
    "h1",
    reading({ at: "10.00", states: `${state(0, light)}\n${first}` }),
    reading({ ...facts, at: "11.00", states: `${state(0, light)}\n${second}` }),
  );
  const whose = { cpu: 0, numa_node: 0, siblings: "0-1", isolated: false, tickless: false };
  const same = { ...whose, governor: "powersave", idle_driver: "intel_idle" };
  const rows = rowsOf(frame);
  expect(rows).toHaveLength(3);
  expect(rows[0]).toMatchObject({ ...same, idle_name: "C1", idle_disabled: true, idle_ns: 0 });
  expect(rows[0]).toMatchObject({ idle_too_deep: null });
  expect(rows[1]).toMatchObject({ ...same, idle_state: "state1", idle_name: "C6", idle_disabled: false });
  expect(rows[1]).toMatchObject({ idle_latency_us: 190, idle_residency_us: 600, idle_entries: 100 });
  expect(rows[1]).toMatchObject({ idle_ns: 500_000_000, idle_too_deep: 50, idle_too_light: 1 });
  expect(rows[1]?.idle_percent).toBeCloseTo(50);
  expect(rows[2]).toMatchObject({ cpu: 1, numa_node: 1, isolated: true, tickless: true, idle_state: null });
  expect(rows[2]).toMatchObject({ governor: null, siblings: null, idle_ns: null });
});

test("a host that says nothing of its CPUs has a row of each all the same", () => {
  const frame = cpuFactsOf("h1", reading({ at: "1" }), reading({ at: "2", online: "0,2" }));
  expect(rowsOf(frame).map((row) => [row.cpu, row.numa_node, row.idle_driver, row.idle_state])).toEqual([
    [0, null, null, null],
    [2, null, null, null],
  ]);
  expect(frame.provenance.notes).toHaveLength(1);
});

test("this machine's are what its files say", async () => {
  const frame = await cpuFacts(localhost(), { seconds: 1 });
  for (const row of rowsOf(frame)) {
    const folder = `${cpu}${row.cpu}/cpuidle/${row.idle_state}`;
    if (row.idle_state === null) expect(existsSync(`${cpu}${row.cpu}/cpuidle/state0`)).toBe(false);
    else {
      expect(row.idle_name).toBe(readFileSync(`${folder}/name`, "utf8").trim());
      expect(row.idle_latency_us).toBe(Number(readFileSync(`${folder}/latency`, "utf8")));
    }
  }
});

const stat = (...cpus: number[][]) =>
  ["cpu", "cpu0", "cpu1"].map((name, index) => `${name} ${(cpus[index] ?? []).join(" ")}`).join("\n");

test("what the host took is of the guest's time", () => {
  const zero = [100, 0, 100, 1_000, 0, 0, 0, 50, 0, 0];
  const busy = [150, 0, 110, 1_010, 0, 5, 5, 70, 40, 0];
  const frame = stealOf(
    "g1",
    reading({ stat: stat(zero, zero, zero) }),
    reading({ ticks: "100", stat: stat(busy, busy, zero) }),
  );
  const [all, first, second] = rowsOf(frame);
  expect(all).toMatchObject({ cpu: null, steal_ns: 200_000_000, steal_percent: 20, run_percent: 60 });
  expect(first).toMatchObject({ cpu: 0, irq_percent: 5, softirq_percent: 5, idle_percent: 10 });
  expect(second).toMatchObject({ cpu: 1, steal_ns: 0, steal_percent: null });
  expect(frame.provenance.notes).toEqual([]);
});

test("a kernel that has never counted steal time may not know it", () => {
  const zero = [100, 0, 100, 1_000, 0, 0, 0, 0, 0, 0];
  const frame = stealOf("g1", reading({ stat: stat(zero) }), reading({ ticks: "100", stat: stat(zero) }));
  expect(rowsOf(frame)[0]).toMatchObject({ steal_ns: null, steal_percent: null });
  expect(frame.provenance.notes).toHaveLength(1);
});

test("a CPU that a program has to itself runs", async () => {
  const hog = execa("taskset", ["-c", "0", "perl", "-e", "alarm 60; 1 while 1"], { reject: false });
  try {
    const frame = await stealSummary(localhost(), { seconds: 10, during: () => sleep(2_000) });
    const first = rowsOf(frame).find((row) => row.cpu === 0);
    expect(Number(first?.idle_percent)).toBeLessThan(20);
    expect(Number(first?.run_percent) + Number(first?.steal_percent)).toBeGreaterThan(50);
  } finally {
    hog.kill("SIGKILL");
    await hog;
  }
});
