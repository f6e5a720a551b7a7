import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { canRun, latencyReport, localhost } from "../../lib/index.js";
import { type Column, createFrame, type Value } from "../../lib/tables/index.js";
import {
  backlogSummary,
  qdiscLatencySummary,
  softirqSummary,
  stageSummary,
  upcallSummary,
  wakeupEvents,
  wakeupSummary,
} from "../../probes/index.js";
import { chosenOf } from "../../probes/latency/chosen.js";
import { reportOf } from "../../probes/latency/report.js";
import { tableOf } from "../../probes/table-of.js";
import { start as began, provenance } from "../figures/tables.js";
import { describeLive } from "../fixtures/needs.js";
import { rowsOf } from "../fixtures/rows.js";
import { makePair } from "./pair.js";
import { makeRealTime, start } from "./threads.js";

const columnsOf = (names: string, type: Column["type"]): Column[] =>
  names.split(" ").map((name) => ({ name, type, meaning: name }));

/** A frame of these columns: rows give some of them, and the others are null. */
const frameOf = (columns: readonly Column[], rows: Record<string, Value>[]) =>
  createFrame(
    [...columns],
    rows.map((row) => columns.map(({ name }) => row[name] ?? null)),
    provenance(),
  );

const threadColumns = [
  ...columnsOf("process thread", "BIGINT"),
  ...columnsOf("command", "VARCHAR"),
  ...columnsOf("cpu", "INTEGER"),
  ...columnsOf("policy", "VARCHAR"),
  ...columnsOf("run_ns wait_ns runs", "BIGINT"),
  ...columnsOf("run_percent wait_percent wait_avg_ns", "DOUBLE"),
];
const softnetColumns = [
  ...columnsOf("cpu", "INTEGER"),
  ...columnsOf("processed time_squeeze", "BIGINT"),
  ...columnsOf("processed_per_second", "DOUBLE"),
];
const stealColumns = [
  ...columnsOf("cpu", "INTEGER"),
  ...columnsOf("steal_percent run_percent irq_percent softirq_percent idle_percent", "DOUBLE"),
];

const vhost = { thread: 42, command: "vhost-41" };
const quick = {
  count: 1_000,
  total_ns: 9_000_000,
  p50_low_ns: 8_000,
  p50_high_ns: 9_000,
  p99_low_ns: 60_000,
};

/** A host on which nothing is late, but for what is given. */
async function reportWith(given: {
  thread?: Record<string, Value>;
  wakeups?: Record<string, Value>[];
  late?: Record<string, Value>[];
  softirqs?: Record<string, Value>[] | null;
  softnet?: Record<string, Value>;
  steal?: Record<string, Value>;
  missing?: { note: string; code: string }[];
  waits?: { [Of in "stages" | "queues" | "backlogs" | "upcalls"]?: Record<string, Value> };
}) {
  const wakeupColumns = wakeupSummary.definition.columns({ by: ["command", "thread", "idle_state"] });
  const softirqColumns = softirqSummary.definition.columns({ by: ["vector", "cpu", "ksoftirqd"] });
  const whole = { ...vhost, interval: "whole", ...quick };
  const receives = { vector: "NET_RX", cpu: 0, ksoftirqd: false, ...quick };
  const waits = (of: keyof NonNullable<typeof given.waits>, columns: readonly Column[]) =>
    given.waits?.[of] === undefined ? null : frameOf(columns, [{ ...quick, ...given.waits[of] }]);
  const seen = {
    threads: frameOf(threadColumns, [
      { process: 41, ...vhost, cpu: 1, policy: "OTHER", run_percent: 20, wait_percent: 1, ...given.thread },
    ]),
    softnet: frameOf(softnetColumns, [
      { cpu: 0, processed: 1_000, time_squeeze: 0, processed_per_second: 100, ...given.softnet },
    ]),
    steal: frameOf(stealColumns, [{ cpu: 0, steal_percent: 0.5, run_percent: 30, ...given.steal }]),
    softirqs:
      given.softirqs === null
        ? null
        : frameOf(
            softirqColumns,
            given.softirqs?.map((row) => ({ ...receives, ...row })) ?? [
              { ...receives, interval: "waiting" },
              { ...receives, interval: "running" },
            ],
          ),
    wakeups: frameOf(
      wakeupColumns,
      given.wakeups?.map((row) => ({ ...whole, ...row })) ?? [
        { ...whole, idle_state: "none" },
        { ...whole, idle_state: "state1" },
      ],
    ),
    late: await tableOf(
      "late",
      frameOf(
        wakeupEvents.definition.columns({ slowerThanUs: 500, maxEvents: 10 }),
        given.late?.map((row) => ({ ...vhost, ...row })) ?? [],
      ),
    ),
    waits:
      given.waits === undefined
        ? null
        : {
            stages: waits("stages", stageSummary.definition.columns({} as never)),
            queues: waits(
              "queues",
              qdiscLatencySummary.definition.columns({ by: ["device", "queue", "qdisc"] }),
            ),
            backlogs: waits(
              "backlogs",
              backlogSummary.definition.columns({ by: ["device", "cpu", "ksoftirqd"] }),
            ),
            upcalls: waits(
              "upcalls",
              upcallSummary.definition.columns({ by: ["device", "reason", "error"] }),
            ),
          },
    missing: given.missing ?? [],
  };
  const choice = { thresholds: {}, only: undefined };
  const packets = { from: "vnet1", to: "eth0", dst: "203.0.113.30" };
  return reportOf(seen, { chosen: [42], all: 1, packets, choice });
}

const found = ({ findings }: Awaited<ReturnType<typeof reportWith>>) =>
  [...findings].map(({ id, severity }) => [id, severity]);

describe("of a host's latency", () => {
  test("nothing is found where nothing is late", async () => {
    const report = await reportWith({});
    expect(found(report)).toEqual([]);
    expect(rowsOf(report.threads)).toMatchObject([
      { role: "carries a machine's packets", late: 0, before: null },
    ]);
  });

  test.each([
    [
      "LATE_BEHIND_OTHERS",
      "HIGH",
      { wakeups: [{ idle_state: "none", p99_low_ns: 12_000_000 }] },
      /vhost-41, which carries a machine's packets, .* busy/,
    ],
    [
      "LATE_BEHIND_OTHERS",
      "HIGH",
      { wakeups: [{ idle_state: null, p99_low_ns: 12_000_000 }] },
      /was woken, and ran late: .* whether its CPU was busy isn't known/,
    ],
    [
      "LATE_FROM_IDLE",
      "MEDIUM",
      { wakeups: [{ idle_state: "state3", p50_low_ns: 150_000, p99_low_ns: 200_000 }] },
      /in state3, .*0\.15 ms/,
    ],
    ["WAITS_FOR_CPU", "HIGH", { thread: { wait_percent: 44 } }, /44 %/],
    [
      "SOFTIRQ_WAITS",
      "MEDIUM",
      { softirqs: [{ interval: "waiting", ksoftirqd: true, p99_low_ns: 3_000_000 }] },
      /NET_RX of CPU 0 waited to run in ksoftirqd/,
    ],
    // Of ten seconds.
    ["SOFTIRQ_BUSY", "HIGH", { softirqs: [{ interval: "running", total_ns: 9_500_000_000 }] }, /95 %/],
    ["TIME_SQUEEZE", "LOW", { softnet: { time_squeeze: 200 } }, /20 times/],
    [
      "STAGE_SLOW",
      "HIGH",
      {
        waits: { stages: { pair: "rx → queue", from_stage: "rx", to_stage: "queue", p50_low_ns: 1_200_000 } },
      },
      /from stage to stage, rx → queue: half of 1,000 took 1\.2 ms/,
    ],
    [
      "QUEUE_WAITS",
      "HIGH",
      {
        waits: {
          queues: { device: "eth0", queue: 2, qdisc: "tbf", interval: "queued", p99_low_ns: 30_000_000 },
        },
      },
      /in the queue of eth0, queue 2, tbf/,
    ],
    [
      "BACKLOG_WAITS",
      "MEDIUM",
      {
        waits: {
          backlogs: { device: "br0", cpu: 3, ksoftirqd: true, interval: "received", p99_low_ns: 3_000_000 },
        },
      },
      /backlog of br0, CPU 3, in ksoftirqd/,
    ],
    [
      "UPCALL_SLOW",
      "MEDIUM",
      { waits: { upcalls: { device: "vnet1", reason: "miss", interval: "answered", p50_low_ns: 700_000 } } },
      /for ovs-vswitchd, at vnet1, miss/,
    ],
    ["STEAL", "MEDIUM", { steal: { steal_percent: 7 } }, /7 %/],
  ])("%s is found where that is so, and nothing else", async (id, severity, given, verdict) => {
    const report = await reportWith(given);
    expect(found(report)).toEqual([[id, severity]]);
    const [finding] = [...report.findings];
    expect(finding?.verdict).toMatch(verdict);
    expect(finding?.verify).toMatch(/^await \w+\(host, /);
  });

  test("waits that are short, and what is no wait, are no finding, and in the frame", async () => {
    const report = await reportWith({
      waits: {
        stages: { pair: "total", p50_low_ns: 90_000_000 },
        queues: { device: "eth0", queue: 0, qdisc: "tbf", interval: "bypassed", p50_low_ns: 90_000_000 },
        backlogs: { device: "br0", cpu: 3, ksoftirqd: false, interval: "received" },
      },
    });
    expect(found(report)).toEqual([]);
    expect(report.waits === null ? [] : rowsOf(report.waits)).toMatchObject([
      { wait: "backlog", place: "br0, CPU 3", device: "br0", cpu: 3, ...quick },
    ]);
    expect((await reportWith({})).waits).toBeNull();
  });

  test("few samples prove nothing", async () => {
    const report = await reportWith({ wakeups: [{ idle_state: "none", count: 5, p99_low_ns: 90_000_000 }] });
    expect(found(report)).toEqual([]);
  });

  test("a probe that failed leaves the others, and nobody is told that all is well; what the host doesn't have is not missing", async () => {
    const refused = {
      note: "softirqSummary is missing: VERIFIER_REFUSED: too long",
      code: "VERIFIER_REFUSED",
    };
    const report = await reportWith({
      softirqs: null,
      steal: { steal_percent: 7 },
      missing: [refused],
    });
    expect(found(report)).toEqual([["STEAL", "MEDIUM"]]);
    expect(rowsOf(report.softirqs)).toEqual([]);
    expect(report.findings.provenance).toMatchObject({ partial: true, notes: [refused.note] });
    expect(report.threads.provenance.notes).toEqual([refused.note]);
    const quiet = async (missing: (typeof refused)[]) => (await reportWith({ missing })).findings.health;
    expect((await quiet([refused])).grade).toBe("UNKNOWN");
    const lacking = { note: "upcallSummary is missing: HOOK_MISSING: no Open vSwitch", code: "HOOK_MISSING" };
    expect((await quiet([lacking])).grade).not.toBe("UNKNOWN");
  });

  test("who had the CPU, and since when, is said of what was late", async () => {
    const at = (second: number) => began + BigInt(second) * 1_000_000_000n;
    const report = await reportWith({
      thread: { wait_percent: 50 },
      late: [
        { time_ns: at(3), before: "swapper/1", before_thread: 0, whole_ns: 9_000_000 },
        { time_ns: at(1), before: "hog", before_thread: 7, whole_ns: 2_000_000 },
        { time_ns: at(2), before: "hog", before_thread: 7, whole_ns: 2_000_000 },
        { time_ns: at(0), before: "other", before_thread: 8, whole_ns: 600_000 },
      ],
    });
    const [row] = rowsOf(report.threads);
    expect(row).toMatchObject({ late: 4, before: "hog", before_late: 2 });
    expect([row?.first_late_ns, row?.last_late_ns].map(String)).toEqual([String(at(0)), String(at(3))]);
    expect([...report.findings][0]?.verdict).toMatch(/mostly hog had it/);
  });

  test("an idle state is no reason where another thread had the CPU when it came out of it", async () => {
    const wakeups = [{ idle_state: "state1", p50_low_ns: 150_000, p99_low_ns: 50_000_000 }];
    const hog = { idle_state: "state1", before: "hog", before_thread: 7 };
    const swapper = { idle_state: "state1", before: "swapper/1", before_thread: 0 };
    const report = await reportWith({
      wakeups,
      late: [
        ...Array.from({ length: 30 }, () => ({ ...hog, whole_ns: 50_000_000 })),
        { ...swapper, whole_ns: 600_000 },
        { idle_state: "none", before: "other", before_thread: 8, whole_ns: 90_000_000 },
      ],
    });
    expect(found(report)).toEqual([
      ["LATE_BEHIND_OTHERS", "HIGH"],
      ["LATE_FROM_IDLE", "MEDIUM"],
    ]);
    expect([...report.findings].map(({ verdict }) => verdict)).toEqual([
      expect.stringMatching(/while its CPU was in state1, .*; mostly hog had the CPU/),
      expect.stringMatching(/while its CPU was in state1, .* longest of these mostly hog had the CPU/),
    ]);
    // What is said of a row is of its own idle state.
    const [row] = rowsOf(report.wakeups);
    expect(row).toMatchObject({ late: 31, before: "hog", before_late: 30 });
    expect(row?.behind_percent).toBeCloseTo((100 * 30 * 50) / (30 * 50 + 0.6));
    expect(rowsOf(report.threads)).toMatchObject([{ late: 32 }]);

    const slept = { ...swapper, whole_ns: 50_000_000 };
    const idle = await reportWith({ wakeups, late: [slept, slept, { ...hog, whole_ns: 600_000 }] });
    expect(found(idle)).toEqual([["LATE_FROM_IDLE", "HIGH"]]);
    const most = Array.from({ length: 500 }, () => ({ ...hog, whole_ns: 1_000_000 }));
    expect(found(await reportWith({ wakeups, late: most }))).toEqual([["LATE_BEHIND_OTHERS", "HIGH"]]);
  });

  test("threads are chosen by what they do, at most 16", () => {
    const all = [
      ["bash", 900],
      ["ksoftirqd/0", 500],
      ["CPU 0/KVM", 10],
      ["vhost-41", 20],
      ["vhost-43", 30],
      ["not-vhost-4", 1],
      ...Array.from({ length: 20 }, (_, index) => [`handler${index}`, index]),
    ] as [string, number][];
    const threads = frameOf(
      threadColumns,
      all.map(([command, runs], index) => ({ thread: index + 1, command, runs })),
    );
    const { chosen, all: count } = chosenOf(threads);
    expect([chosen.length, count, chosen.slice(0, 4)]).toEqual([16, 24, [5, 4, 3, 26]]);
  });
});

test.each([
  [{ from: "eth0", to: "eth0" }, /eth0 can't be on both sides/],
  [{ from: "eth0" }, /packets.to/],
  [{ flow: "x" }, /"flow"/],
  // Other probes take these: not all of the report's.
  [{ by: ["device"] }, /"by"/],
  [{ device: "eth0" }, /"device"/],
  [{ from: "eth0", to: "eth1", stages: ["ip_in"] }, /"stages"/],
  [{ from: "eth0", to: "eth1", timeoutMs: 10 }, /"timeoutMs"/],
  [{ src: "nowhere" }, /packets.src/],
])("packets %j are refused before the host is asked anything", async (packets, said) => {
  const host = { name: "never asked" } as never;
  await expect(latencyReport(host, { seconds: 1, packets: packets as never })).rejects.toMatchObject({
    code: "BAD_PARAMETER",
    failed: expect.stringMatching(said),
  });
});

test.each([
  [{ seconds: 3_211 }, 3_210],
  [{ seconds: 1_321, attachSeconds: 300 }, 1_320],
])("%j is refused, since no probe would last as long: %d at most", async (asked, most) => {
  const host = { name: "never asked" } as never;
  await expect(latencyReport(host, asked)).rejects.toMatchObject({
    code: "BAD_PARAMETER",
    failed: expect.stringContaining(`${most} at most`),
  });
});

describeLive(
  "the report of packets that are late",
  ["root", "bpftrace", "tracing", "namespaces", "python"],
  () => {
    test("finds the queue that holds them, and says what could not look", async () => {
      const pair = await makePair("skb-late");
      const tc = (line: string) => pair.inside(pair.sending, ["tc", "qdisc", ...line.split(" ")]);
      try {
        // 142 bytes at 100 kbit/s are 11 ms.
        await tc(`add dev ${pair.device} root tbf rate 100kbit burst 200 limit 50000`);
        const report = await latencyReport(localhost(), {
          seconds: 20,
          threads: [process.pid],
          packets: { from: ["no0"], to: [pair.device], dst: pair.to, protocol: "UDP" },
          during: async () => {
            await pair.send({ count: 60, size: 100, port: 4_000 });
            await sleep(1_000);
          },
        });
        const queue = [...report.findings].find(({ id }) => id === "QUEUE_WAITS");
        expect(queue).toMatchObject({ severity: "HIGH", certain: true });
        expect(queue?.verdict).toMatch(`in the queue of ${pair.device}, queue 0, tbf`);
        expect(queue?.verify).toMatch(/^await qdiscLatencyEvents\(host, .*"dst":"198\.51\.100\.2"/);
        const here = report.waits === null ? [] : rowsOf(report.waits);
        expect(here.find(({ wait }) => wait === "queue")).toMatchObject({ device: pair.device });
        if (rowsOf(await canRun(localhost(), upcallSummary))[0]?.runs === false)
          expect(report.threads.provenance.notes.join()).toMatch(/upcallSummary is missing: HOOK_MISSING/);
      } finally {
        await pair.remove();
      }
    });
  },
);

describeLive("the report of a host's latency", ["root", "bpftrace", "tracing"], () => {
  test("finds the real-time thread that keeps another from its CPU, and is refused what it doesn't know", async () => {
    const worker = start("$0 = 'vhost-1'; select undef, undef, undef, 0.002 while 1");
    const hog = start(
      "use Time::HiRes 'time'; $0 = 'skb-hog'; while (1) { my $end = time + 0.03; 1 while time < $end; select undef, undef, undef, 0.01 }",
    );
    try {
      // On a busy machine others would have the CPU, too.
      await makeRealTime(worker.pid, 5);
      await makeRealTime(hog.pid, 10);
      const report = await latencyReport(localhost(), {
        seconds: 10,
        threads: [worker.pid],
        during: () => sleep(3_000),
      });
      const of = (id: string) => [...report.findings].find((finding) => finding.id === id);
      expect(of("LATE_BEHIND_OTHERS")).toMatchObject({ severity: "HIGH", certain: true });
      expect(of("LATE_BEHIND_OTHERS")?.verdict).toMatch(/vhost-1, .*skb-hog/);
      expect(of("WAITS_FOR_CPU")?.verdict).toMatch(/skb-hog/);
      const [row] = rowsOf(report.threads);
      expect(row).toMatchObject({ thread: worker.pid, command: "vhost-1", before: "skb-hog" });
      expect(Number(row?.wait_percent)).toBeGreaterThan(30);
    } finally {
      await Promise.all([worker.end(), hog.end()]);
    }
    await expect(latencyReport(localhost(), { seconds: 1, threads: [] })).rejects.toMatchObject({
      code: "BAD_PARAMETER",
    });
    await expect(
      latencyReport(localhost(), { seconds: 1, thresholds: { NO_RULE: { high: 1 } } as never }),
    ).rejects.toMatchObject({ code: "BAD_PARAMETER" });
  });
});
