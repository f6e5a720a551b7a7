import { type Column, completeProvenance, createFrame, type Frame, type Value } from "../../tables/index.js";
import type { Host } from "../host.js";
import type { Reading } from "../read-sections.js";
import { timeOf } from "../sections.js";
import { type CounterOptions, readTwice } from "./twice.js";

/** Times of /proc/stat in their order; what a guest of this host took is in `user` already. */
const times = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"] as const;
type Time = (typeof times)[number];

const percent = (name: string, meaning: string): Column => ({ name, type: "DOUBLE", unit: "%", meaning });

const columns: Column[] = [
  { name: "cpu", type: "INTEGER", meaning: "number of the CPU; null: all of them" },
  {
    name: "steal_ns",
    type: "BIGINT",
    unit: "ns",
    meaning: "it could run, and its host let others run; null: the kernel has never counted any",
  },
  percent("steal_percent", "steal_ns of its time"),
  percent("run_percent", "programs and the kernel for them, of its time"),
  percent("irq_percent", "interrupts, of its time"),
  percent("softirq_percent", "softirqs outside of ksoftirqd, of its time"),
  percent("idle_percent", "nothing to do, or waiting for a disk, of its time"),
];

const script =
  "export LC_ALL=C; say began; date +%s%N; say ticks; getconf CLK_TCK; say stat; grep '^cpu' /proc/stat; say ended; date +%s%N";

/**
 * Says of each CPU of a guest how much of its time its host gave to others while it could have run (steal time), and what it did with the rest, between two moments (`/proc/stat`). Nothing
 * is attached or changed, and no root is needed. The host says the same of the guest's vCPU threads: `wait_ns` of {@link threadCpu}, command `CPU 0/KVM`. Both together tell whether a guest
 * is late by itself or by its host.
 *
 * Columns: `cpu`, `steal_ns`, `steal_percent`, `run_percent`, `irq_percent`, `softirq_percent`, `idle_percent`. All CPUs together come first. `steal_ns` and `steal_percent` are null where the kernel has counted none since it
 * started: it is no guest, its host has never let it wait, or does not tell it. Times are in hundredths of a second, mostly.
 *
 * @throws SkbookError `BAD_PARAMETER`, `DURING_FAILED`, `INTERRUPTED`, `LEASE_EXPIRED`, `CONNECTION_LOST`, and the host's own; in a replay `NOT_RECORDED`.
 * @example await stealSummary(host, { seconds: 10 })
 */
export async function stealSummary(host: Host, options: CounterOptions = {}): Promise<Frame> {
  return stealOf(host.name, ...(await readTwice(host, "stealSummary", "steal", script, options)));
}

/** What two readings say; the same for live and replayed ones. */
export function stealOf(host: string, before: Reading, after: Reading): Frame {
  const [first, last] = [cpusOf(before.sections.stat), cpusOf(after.sections.stat)];
  const tickNs = 1e9 / (Number(after.sections.ticks) || 100);
  const isCounted = (last.get("cpu")?.steal ?? 0) > 0;
  const rows = [...last].flatMap(([name, now]): Value[][] => {
    const then = first.get(name);
    if (then === undefined) return [];
    // The kernel lets idle and iowait fall by a little now and then.
    const of = (...which: Time[]) => which.reduce((sum, one) => sum + Math.max(0, now[one] - then[one]), 0);
    const whole = of(...times);
    const share = (...which: Time[]) => (whole === 0 ? null : (100 * of(...which)) / whole);
    return [
      [
        name === "cpu" ? null : Number(name.slice(3)),
        ...(isCounted ? [of("steal") * tickNs, share("steal")] : [null, null]),
        ...[share("user", "nice", "system"), share("irq"), share("softirq"), share("idle", "iowait")],
      ],
    ];
  });
  return createFrame(
    columns,
    rows,
    completeProvenance("stealSummary", {
      host,
      recordingId: after.recordingId,
      startedAt: timeOf(before.sections.began),
      endedAt: timeOf(after.sections.ended),
      partial: before.partial || after.partial,
      notes: isCounted
        ? []
        : [
            "no steal time since the kernel started: it is no guest, its host has never let it wait, or does not tell it",
          ],
      details: { before: before.recordingId },
    }),
  );
}

function cpusOf(text = ""): Map<string, Record<Time, number>> {
  return new Map(
    text.split("\n").flatMap((line): [string, Record<Time, number>][] => {
      const [name = "", ...values] = line.trim().split(/\s+/);
      if (!/^cpu\d*$/.test(name) || values.length < times.length) return [];
      return [
        [
          name,
          Object.fromEntries(times.map((one, index) => [one, Number(values[index])])) as Record<Time, number>,
        ],
      ];
    }),
  );
}
