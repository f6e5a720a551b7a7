import { type Column, completeProvenance, createFrame, type Frame, type Value } from "../../tables/index.js";
import type { Host } from "../host.js";
import type { Reading } from "../read-sections.js";
import { timeOf } from "../sections.js";
import { understood } from "../understood.js";
import { changesOf } from "./changes.js";
import { softnetCounters as parseSoftnet } from "./cpu-files.js";
import { type CounterOptions, printUptime, readTwice } from "./twice.js";

const counted = [
  ["processed", "packets", "handled by this CPU's softirq"],
  ["dropped", "packets", "dropped, for its backlog was full (net.core.netdev_max_backlog)"],
  ["time_squeeze", "events", "it had more to do than its budget or time allowed (net.core.netdev_budget)"],
  ["received_rps", "events", "another CPU told it to look into its backlog (RPS)"],
  ["flow_limit_count", "packets", "dropped by the flow limit of its backlog"],
] as const;

const columns: Column[] = [
  { name: "cpu", type: "INTEGER", meaning: "number of the CPU" },
  ...counted.map(([name, unit, meaning]): Column => ({ name, type: "BIGINT", unit, meaning })),
  { name: "processed_per_second", type: "DOUBLE", meaning: "packets by the time between the readings" },
  {
    name: "backlog_packets",
    type: "BIGINT",
    unit: "packets",
    meaning: "waiting in its backlog at the second reading; null: the kernel doesn't say (before 5.10)",
  },
];

const script = `say uid; id -u; say began; date +%s%N; say at; ${printUptime}; say softnet; cat /proc/net/softnet_stat; say ended; date +%s%N`;

/**
 * Says what each CPU of a host did with received packets between two moments (`/proc/net/softnet_stat`): handled, dropped for a full
 * backlog, left for later since its budget was spent. {@link hostCounters} has these counters among all others; this reads nothing else. Nothing is changed, and no root
 * is needed.
 *
 * Columns: `cpu`, `processed`, `dropped`, `time_squeeze`, `received_rps`, `flow_limit_count`, `processed_per_second`, `backlog_packets`. One row for each CPU that is online. The kernel
 * counts in 32 bits; a counter that passed its end once is counted on. null: the CPU came or went meanwhile.
 *
 * @throws SkbookError `BAD_PARAMETER`, `DURING_FAILED`, `INTERRUPTED`, `LEASE_EXPIRED`, `CONNECTION_LOST`, and the host's own; in a replay
 *   `NOT_RECORDED`.
 * @example await softnetCounters(host, { seconds: 10 })
 */
export async function softnetCounters(host: Host, options: CounterOptions = {}): Promise<Frame> {
  const [before, after] = await readTwice(host, "softnetCounters", "softnet", script, options);
  return understood(host.name, "its counters of softnet", () => softnetOf(host.name, before, after));
}

/** What two readings say; the same for live and replayed ones. */
export function softnetOf(host: string, before: Reading, after: Reading): Frame {
  const read = ({ sections }: Reading) =>
    new Map([[null, { at: Number(sections.at), counters: parseSoftnet(sections.softnet ?? "") }]]);
  const changes = changesOf(read(before), read(after));
  const backlogs = backlogOf(after.sections.softnet ?? "");
  const cpus = new Set(changes.map(({ counter }) => Number(counter.subject?.slice("cpu ".length))));
  const rows = [...cpus]
    .sort((a, b) => a - b)
    .map((cpu): Value[] => {
      const of = (name: string) =>
        changes.find(({ counter }) => counter.subject === `cpu ${cpu}` && counter.name === name);
      const values = counted.map(([name]) => of(name)?.change ?? null);
      return [cpu, ...values, of("processed")?.perSecond ?? null, backlogs.get(cpu) ?? null];
    });
  return createFrame(
    columns,
    rows,
    completeProvenance("softnetCounters", {
      host,
      recordingId: after.recordingId,
      startedAt: timeOf(before.sections.began),
      endedAt: timeOf(after.sections.ended),
      partial: before.partial || after.partial,
      details: { before: before.recordingId },
    }),
  );
}

/** What waits in the backlog of each CPU. Since Linux 5.10 a line ends with the length of the backlog and the number of its CPU. */
function backlogOf(text: string): Map<number, number> {
  const lines = text.split("\n").filter((line) => line !== "");
  return new Map(
    lines.flatMap((line, index): [number, number][] => {
      const values = line
        .trim()
        .split(/\s+/)
        .map((value) => Number.parseInt(value, 16));
      const [waiting, cpu = index] = [values[11], values[12]];
      return waiting === undefined ? [] : [[cpu, waiting]];
    }),
  );
}
