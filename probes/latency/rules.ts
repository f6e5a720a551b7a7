import { type EvidenceRow, type Rules, rule, type Threshold } from "../../lib/findings/index.js";
import type { Table } from "../../lib/tables/index.js";

/** What the rules of a host's latency look through. */
export interface LatencySubject {
  /** Threads that packets wait for. */
  threads: Table;
  /** Their wake-ups, by the idle state that their CPU came out of. */
  wakeups: Table;
  /** Softirqs of the network, by CPU. */
  softirqs: Table;
  /** Where the packets that were asked for waited; no rows where none were. */
  waits: Table;
  /** What each CPU did, and what its host took. */
  cpus: Table;
}

const us = (value: number, meaning: string): Threshold => ({ value, unit: "us", meaning });
const percent = (value: number, meaning: string): Threshold => ({ value, unit: "%", meaning });
/** Of fewer samples, percentiles say little. */
const least: Threshold = { value: 20, unit: "samples", meaning: "fewer samples than these say nothing" };

/** Half of the samples, or one of a hundred, took so long at least: the bounds below are compared, which are sure. */
const slow = {
  medium_p50: us(100, "MEDIUM where half took so long at least"),
  high_p50: us(1_000, "HIGH where half took so long at least"),
  medium_p99: us(2_000, "MEDIUM where one of a hundred took so long at least"),
  high_p99: us(10_000, "HIGH where one of a hundred took so long at least"),
  least,
};

type Slow = { readonly [Name in keyof typeof slow]: number };

/** Of the rows of which `when` is so: or of which `half` is so of what is usual, and `tail` of the few that took longest. */
function isSlow(
  when: string | { readonly half: string; readonly tail: string },
  limits: Slow,
): readonly (readonly ["HIGH" | "MEDIUM", string])[] {
  const { half, tail } = typeof when === "string" ? { half: when, tail: when } : when;
  const { medium_p50, high_p50, medium_p99, high_p99 } = limits;
  const from = (p50: number, p99: number) =>
    `count >= ${limits.least} AND ((${half}) AND p50_low_ns >= ${1_000 * p50} OR (${tail}) AND p99_low_ns >= ${1_000 * p99})`;
  return [
    ["HIGH", from(high_p50, high_p99)],
    ["MEDIUM", from(medium_p50, medium_p99)],
  ];
}

function share(column: string, what: string, medium: number, high: number, when = "true") {
  return {
    thresholds: {
      medium: percent(medium, `MEDIUM from so much of ${what}`),
      high: percent(high, "HIGH from so much"),
    },
    grades: (limits: { readonly medium: number; readonly high: number }) =>
      [
        ["HIGH", `${when} AND ${column} >= ${limits.high}`],
        ["MEDIUM", `${when} AND ${column} >= ${limits.medium}`],
      ] as const,
  };
}

const ms = (ns: EvidenceRow[string] | undefined) => `${Number((Number(ns) / 1e6).toPrecision(2))} ms`;
const part = (value: EvidenceRow[string] | undefined) => `${Number(Number(value).toPrecision(2))} %`;
const half = (row: EvidenceRow) =>
  `half of ${Number(row.count).toLocaleString("en-US")} took ${ms(row.p50_low_ns)} or more, one of a hundred ${ms(row.p99_low_ns)} or more`;
const bounds = ["count", "p50_low_ns", "p50_high_ns", "p99_low_ns", "p99_high_ns", "max_high_ns"];
const who = ["role", "command", "thread"];
const since = ["late", "first_late_ns", "last_late_ns", "before", "before_late", "behind_percent"];

const busy = "coalesce(idle_state, 'none') = 'none'";
const idle = "starts_with(idle_state, 'state')";
/** A CPU that comes out of an idle state may run another thread first: the idle state is no reason then. */
const behindOthers = "coalesce(behind_percent, 0) > 50";
/** The same of half of the wake-ups: of those that were late it is known. */
const halfBehindOthers = `${behindOthers} AND 2 * late >= count`;
const cpuWas = ({ idle_state: state }: EvidenceRow) =>
  state === null ? "" : ` while its CPU was ${state === "none" ? "busy" : `in ${state}`}`;

/** The same of what packets wait for: between two machines of one host 50 to 200 microseconds are usual, and 500 are late. */
const slowWait = { ...slow, medium_p50: us(500, "MEDIUM where half took so long at least") };

/** Packets wait at one kind of places. */
const waitRule = (
  wait: "stage" | "queue" | "backlog" | "upcall",
  said: {
    title: string;
    where: string;
    causes: string[];
    advice: string[];
    verify(row: EvidenceRow): string;
  },
) =>
  rule({
    title: said.title,
    category: "performance",
    thresholds: slowWait,
    of: async ({ waits }: LatencySubject) => waits,
    grades: (limits) => isSlow(`wait = '${wait}'`, limits),
    shows: ["place", "device", "cpu", "packets", ...bounds],
    measure: "p99_low_ns",
    doubts: [],
    says: (row) => `packets waited ${said.where} ${row.place}: ${half(row)}`,
    causes: said.causes,
    advice: said.advice,
    verify: said.verify,
  });
/** Which packets, as a cell says it. */
const these = ({ packets }: EvidenceRow) => `...${packets}`;
/** The same without where they come in and go out. */
const filtersOf = ({ packets }: EvidenceRow) => {
  const { from, to, ...filters } = JSON.parse(String(packets)) as { [name: string]: unknown };
  return Object.keys(filters).length === 0 ? "" : `, ...${JSON.stringify(filters)}`;
};

/** Rules of {@link latencyReport}. */
export const latencyReportRules = {
  STAGE_SLOW: waitRule("stage", {
    title: "packets are late between two stages of the host",
    where: "from stage to stage,",
    causes: [
      "queue → driver: a queueing discipline, or a full ring of the device; backlog → rx: a softirq that came late",
      "upcall → upcall_back: ovs-vswitchd; conntrack → ovs_flow: connection tracking; any other: the CPU was taken away in between",
    ],
    advice: [
      "look at the other findings for who had the CPU, and whose queue it is",
      "see the single packets, with the time of each, and hold it against what else happened then",
    ],
    verify: (row) => `await stageTrace(host, { seconds: 10, slowerThanUs: 500, ${these(row)} })`,
  }),
  QUEUE_WAITS: waitRule("queue", {
    title: "packets wait in a queueing discipline",
    where: "in the queue of",
    causes: [
      "a rate limit (tbf, htb, a machine's bandwidth limit), or a delay that was set (netem)",
      "more is sent than the device takes: its ring is full",
    ],
    advice: [
      "see its rate, backlog and drops: tc -s qdisc show",
      "fq or fq_codel keep small flows from waiting for large ones",
    ],
    verify: (row) =>
      `await qdiscLatencyEvents(host, { seconds: 10, slowerThanUs: 500, device: ${JSON.stringify(row.device)}${filtersOf(row)} })`,
  }),
  BACKLOG_WAITS: waitRule("backlog", {
    title: "packets wait in the backlog of a CPU",
    where: "in the backlog of",
    causes: [
      "the CPU's softirq came late: threads had it, or ksoftirqd had to wait",
      "one CPU gets the packets of many (RPS, one queue)",
    ],
    advice: [
      "move threads, above all real-time ones, away from that CPU",
      "spread packets over more CPUs: queues of the device, rps_cpus",
    ],
    verify: (row) =>
      `await backlogEvents(host, { seconds: 10, slowerThanUs: 500, stacks: true, device: ${JSON.stringify(row.device)}${filtersOf(row)} })`,
  }),
  UPCALL_SLOW: waitRule("upcall", {
    title: "packets wait for ovs-vswitchd",
    where: "for ovs-vswitchd, at",
    causes: [
      "ovs-vswitchd gets no CPU, or has too many upcalls: many new connections, or flows that don't stay",
      "its rules are many or dear to look up",
    ],
    advice: [
      "see how many upcalls there are, and who had ovs-vswitchd's CPU",
      "more handler threads (n-handler-threads), wider flows, a longer max-idle",
    ],
    verify: (row) => `await upcallEvents(host, { seconds: 10, slowerThanUs: 500${filtersOf(row)} })`,
  }),
  LATE_BEHIND_OTHERS: rule({
    title: "a thread that packets wait for gets its CPU late",
    category: "performance",
    thresholds: slow,
    of: async ({ wakeups }: LatencySubject) => wakeups,
    grades: (limits) =>
      isSlow({ half: `${busy} OR ${halfBehindOthers}`, tail: `${busy} OR ${behindOthers}` }, limits),
    shows: [...who, "idle_state", ...bounds, ...since],
    measure: "p99_low_ns",
    doubts: [],
    says: (row) =>
      `${row.command}, which ${row.role}, was woken${cpuWas(row)}, and ran late: ${half(row)}${row.idle_state === null ? "; whether its CPU was busy isn't known" : ""}${row.before === null ? "" : `; mostly ${row.before} had the CPU`}`,
    causes: [
      "another thread has the CPU, of the same or a higher priority",
      "too few CPUs for what is to run",
    ],
    advice: [
      "give the thread that has the CPU another one (taskset, cpuset, isolcpus), or a lower priority",
      "see its policy and priority: chrt -p",
    ],
    verify: (row) => `await wakeupEvents(host, { seconds: 10, threads: ${row.thread}, slowerThanUs: 500 })`,
  }),
  LATE_FROM_IDLE: rule({
    title: "a CPU takes long to come out of an idle state",
    category: "performance",
    thresholds: slow,
    of: async ({ wakeups }: LatencySubject) => wakeups,
    grades: (limits) =>
      isSlow(
        { half: `${idle} AND NOT (${halfBehindOthers})`, tail: `${idle} AND NOT ${behindOthers}` },
        limits,
      ),
    shows: [...who, "idle_state", ...bounds, ...since],
    measure: "p50_low_ns",
    doubts: [],
    says: (row) =>
      `${row.command}, which ${row.role}, was woken${cpuWas(row)}, and ran late: ${half(row)}${Number(row.behind_percent) > 50 ? `; at the end of the longest of these mostly ${row.before} had the CPU` : ""}`,
    causes: [
      "an idle state whose way out takes long (C6 and deeper)",
      "in a guest: its host gives the virtual CPU a real one late",
    ],
    advice: [
      "see cpuFacts(host) for what the state costs; a latency limit (tuned's latency-performance, /dev/cpu_dma_latency) keeps CPUs out of it",
      "in a guest, ask its host the same",
    ],
    verify: (row) =>
      `await wakeupSummary(host, { seconds: 10, threads: ${row.thread}, by: ["cpu", "idle_state"] })`,
  }),
  WAITS_FOR_CPU: rule({
    title: "a thread that packets wait for could run, and has no CPU",
    category: "performance",
    ...share("wait_percent", "the time that it waited", 10, 30),
    of: async ({ threads }: LatencySubject) => threads,
    shows: [...who, "process", "cpu", "policy", "run_percent", "wait_percent", "wait_avg_ns", ...since],
    measure: "wait_percent",
    doubts: [],
    says: (row) =>
      `${row.command}, which ${row.role}, could run and waited for a CPU ${part(row.wait_percent)} of the time${row.before === null ? "" : `; mostly ${row.before} had it`}`,
    causes: [
      "others have its CPU when it has work",
      "its control group has used its quota of CPU time (cpu.max), and is throttled",
    ],
    advice: [
      "see what else runs on its CPU: threadCpu(host)",
      "see nr_throttled in cpu.stat of its control group",
      "of a machine's CPU, the guest sees this as steal time",
    ],
    verify: (row) =>
      `await runQueueSummary(host, { seconds: 10, threads: ${row.thread}, by: ["thread", "cpu"] })`,
  }),
  SOFTIRQ_WAITS: rule({
    title: "received packets wait for their softirq",
    category: "performance",
    thresholds: slow,
    of: async ({ softirqs }: LatencySubject) => softirqs,
    grades: (limits) => isSlow("interval = 'waiting'", limits),
    shows: ["vector", "cpu", "ksoftirqd", "interval", ...bounds],
    measure: "p99_low_ns",
    doubts: [],
    says: (row) =>
      `${row.vector} of CPU ${row.cpu} waited to run${row.ksoftirqd === true ? " in ksoftirqd" : ""}: ${half(row)}`,
    causes: [
      "ksoftirqd shares its CPU with threads that have it",
      "something keeps interrupts or softirqs off for long",
    ],
    advice: [
      "move threads, above all real-time ones, away from the CPUs that get packets",
      "spread packets over more CPUs: queues of the NIC, RPS",
    ],
    verify: (row) =>
      `await softirqSummary(host, { seconds: 10, vectors: "${row.vector}", by: ["vector", "cpu", "ksoftirqd"] })`,
  }),
  SOFTIRQ_BUSY: rule({
    title: "one CPU has no time for more packets",
    category: "performance",
    ...share("busy_percent", "a CPU that NET_RX took", 60, 90, "interval = 'running' AND vector = 'NET_RX'"),
    of: async ({ softirqs }: LatencySubject) => softirqs,
    shows: ["vector", "cpu", "ksoftirqd", "interval", "busy_percent", ...bounds],
    measure: "busy_percent",
    doubts: [],
    says: (row) => `receiving takes ${part(row.busy_percent)} of CPU ${row.cpu}`,
    causes: [
      "one CPU gets most of the packets",
      "something in the way of a packet is dear: rules, tunnels, captures",
    ],
    advice: ["see softnetCounters(host): spread packets over more CPUs by queues of the NIC or RPS"],
    verify: () => `await softirqSummary(host, { seconds: 10, vectors: "NET_RX", by: ["vector", "cpu"] })`,
  }),
  TIME_SQUEEZE: rule({
    title: "a CPU leaves packets for later, since it has too many at a time",
    category: "performance",
    thresholds: {
      low: { value: 10, unit: "events/s", meaning: "LOW from so many a second" },
      medium: { value: 100, unit: "events/s", meaning: "MEDIUM from so many a second" },
    },
    of: async ({ cpus }: LatencySubject) => cpus,
    grades: ({ low, medium }) => [
      ["MEDIUM", `time_squeeze_per_second >= ${medium}`],
      ["LOW", `time_squeeze_per_second >= ${low}`],
    ],
    shows: ["cpu", "time_squeeze_per_second", "processed_per_second", "softirq_percent"],
    measure: "time_squeeze_per_second",
    doubts: [],
    says: (row) =>
      `CPU ${row.cpu} ended its turn with packets left ${Number(row.time_squeeze_per_second).toFixed(0)} times a second`,
    causes: ["bursts beyond net.core.netdev_budget", "one CPU gets most of the packets"],
    advice: ["spread packets over more CPUs; then net.core.netdev_budget and netdev_budget_usecs"],
    verify: () => "await softnetCounters(host, { seconds: 10 })",
  }),
  STEAL: rule({
    title: "its host lets this guest wait",
    category: "performance",
    ...share("steal_percent", "a CPU's time", 5, 20),
    of: async ({ cpus }: LatencySubject) => cpus,
    shows: ["cpu", "steal_percent", "run_percent", "softirq_percent", "idle_percent"],
    measure: "steal_percent",
    doubts: [],
    says: (row) =>
      `the host of this guest gave ${part(row.steal_percent)} of CPU ${row.cpu}'s time to others`,
    causes: ["more virtual CPUs than real ones have work there", "a limit on the machine's CPU time"],
    advice: ["ask the host: threadCpu(host, { command: 'CPU 0/KVM' }), and latencyReport(host) there"],
    verify: () => "await stealSummary(host, { seconds: 10 })",
  }),
} satisfies Rules<LatencySubject>;
