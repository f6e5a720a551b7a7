import { z } from "zod";
import { badParameters } from "../../parameters/index.js";
import { type Column, completeProvenance, createFrame, type Frame, type Value } from "../../tables/index.js";
import type { Host } from "../host.js";
import type { Reading } from "../read-sections.js";
import { timeOf } from "../sections.js";
import { understood } from "../understood.js";
import { type CounterOptions, printUptime, readTwice } from "./twice.js";

const columns: Column[] = [
  { name: "process", type: "BIGINT", meaning: "number of the process" },
  { name: "thread", type: "BIGINT", meaning: "number of the thread" },
  { name: "command", type: "VARCHAR", meaning: "name of the thread" },
  { name: "cpu", type: "INTEGER", meaning: "CPU that it was last on, at the second reading" },
  { name: "policy", type: "VARCHAR", meaning: "how the scheduler treats it" },
  { name: "run_ns", type: "BIGINT", unit: "ns", meaning: "it ran" },
  { name: "wait_ns", type: "BIGINT", unit: "ns", meaning: "it could run, and waited for a CPU" },
  { name: "run_percent", type: "DOUBLE", unit: "%", meaning: "run_ns of the time between the readings" },
  { name: "wait_percent", type: "DOUBLE", unit: "%", meaning: "wait_ns of the time between the readings" },
  { name: "runs", type: "BIGINT", meaning: "times that it was given a CPU" },
  { name: "wait_avg_ns", type: "DOUBLE", unit: "ns", meaning: "wait_ns by runs; null: it did not run" },
];

/** By their numbers (include/uapi/linux/sched.h). */
const policies = ["OTHER", "FIFO", "RR", "BATCH", null, "IDLE", "DEADLINE", "EXT"];

/** Lines begin with the path of their file. A thread may have any bytes as its name, those between sections too. */
const files = (name: string) =>
  `find /proc/[0-9]*/task -maxdepth 2 -name ${name} -exec grep -H . {} + | tr -d '\\036\\037'`;
const script = `export LC_ALL=C; say began; date +%s%N; say at; ${printUptime}; say schedstat; ${files("schedstat")}; say stat; ${files("stat")}; say ended; date +%s%N`;

/** What {@link threadCpu} is asked. */
export interface ThreadCpuOptions extends CounterOptions {
  /** Only these, by the number that `ps -eLo tid` shows: one, or several. Default all. */
  threads?: number | readonly number[];
  /** Only threads of this name, as `ps -eLo comm` shows it. Default all. */
  command?: string;
}

const number = z.int().min(1).max(4_194_304);
const Chosen = z.object({
  threads: z.union([number, z.array(number).min(1)]).optional(),
  command: z.string().min(1).max(15).optional(),
});

/**
 * Says of each thread of a host how long it ran, and how long it could have run and waited for a CPU, between two moments
 * (`/proc/PID/task/TID/schedstat`): the first question where something is late and no packet is missing, for it costs the host next to nothing. Nothing is attached or changed, and
 * no root is needed. How the waits are distributed {@link runQueueSummary} says.
 *
 * Columns: `process`, `thread`, `command`, `cpu`, `policy`, `run_ns`, `wait_ns`, `run_percent`, `wait_percent`, `runs`, `wait_avg_ns`. The longest waits come first. A thread that
 * began or ended between the readings is not there, which a note says. Percentages are by times in hundredths of a second. A guest's thread that ran says nothing of what its
 * own kernel made of it.
 *
 * @throws SkbookError `BAD_PARAMETER`, `DURING_FAILED`, `INTERRUPTED`, `LEASE_EXPIRED`, `CONNECTION_LOST`, and the host's own; in a replay
 *   `NOT_RECORDED`.
 * @example await threadCpu(host, { seconds: 10, command: "vhost-4242" })
 */
export async function threadCpu(host: Host, options: ThreadCpuOptions = {}): Promise<Frame> {
  const { threads, command, ...rest } = options;
  const chosen = Chosen.safeParse({ threads, command });
  if (!chosen.success) throw badParameters("threadCpu", chosen.error);
  const [before, after] = await readTwice(host, "threadCpu", "threads", script, rest);
  return understood(host.name, "its threads", () => threadsOf(host.name, before, after, chosen.data));
}

/** What two readings say; the same for live and replayed ones. */
export function threadsOf(
  host: string,
  before: Reading,
  after: Reading,
  { threads, command }: z.output<typeof Chosen> = {},
): Frame {
  const [first, last] = [readingOf(before), readingOf(after)];
  const elapsedNs = (Number(after.sections.at) - Number(before.sections.at)) * 1e9;
  const wanted = threads === undefined ? undefined : new Set([threads].flat());
  const isWanted = (one: Thread) =>
    (wanted?.has(one.thread) ?? true) && (command === undefined || one.command === command);
  const asked = [...last.values()].filter(isWanted);
  const stayed = asked.filter(({ id, began }) => first.get(id)?.began === began);
  const gone = [...first.values()].filter(
    (one) => isWanted(one) && last.get(one.id)?.began !== one.began,
  ).length;
  const left = gone + asked.length - stayed.length;
  const rows = stayed.map((one): Value[] => {
    const since = first.get(one.id) as Thread;
    const [run, wait, runs] = [one.run - since.run, one.wait - since.wait, one.runs - since.runs];
    return [
      ...[one.process, one.thread, one.command, one.cpu, one.policy],
      ...[run, wait, (100 * run) / elapsedNs, (100 * wait) / elapsedNs],
      ...[runs, runs === 0 ? null : wait / runs],
    ];
  });
  const byWait = (a: Value[], b: Value[]) =>
    Number(b[6]) - Number(a[6]) || Number(b[5]) - Number(a[5]) || Number(a[1]) - Number(b[1]);
  return createFrame(
    columns,
    rows.sort(byWait),
    completeProvenance("threadCpu", {
      host,
      recordingId: after.recordingId,
      startedAt: timeOf(before.sections.began),
      endedAt: timeOf(after.sections.ended),
      partial: before.partial || after.partial,
      notes: [
        ...(left === 0 ? [] : [`${left} threads began or ended between the readings, and are not here`]),
        ...(last.size > 0
          ? []
          : ["the host's kernel keeps no /proc/PID/task/TID/schedstat (CONFIG_SCHED_INFO)"]),
      ],
      details: { before: before.recordingId },
    }),
  );
}

interface Thread {
  id: string;
  process: number;
  thread: number;
  command: string;
  cpu: number;
  policy: string | null;
  /** When it began, since numbers of threads are given again. */
  began: string;
  run: number;
  wait: number;
  runs: number;
}

/** What one reading has, by the threads' paths. */
function readingOf({ sections }: Reading): Map<string, Thread> {
  const spent = linesOf(sections.schedstat, "schedstat");
  const all = [...linesOf(sections.stat, "stat")].flatMap(([id, line]): [string, Thread][] => {
    const times = spent.get(id)?.split(" ").map(Number) ?? [];
    const [run, wait, runs] = times;
    // The name stands in brackets, and may have brackets in it.
    const [open, end] = [line.indexOf("("), line.lastIndexOf(")")];
    const fields = line.slice(end + 2).split(" ");
    const [process, thread] = id.split("/").map(Number);
    if (run === undefined || wait === undefined || runs === undefined || open < 0 || end < open) return [];
    const [began = "", cpu, policy] = [fields[19], Number(fields[36]), policies[Number(fields[38])] ?? null];
    const command = line.slice(open + 1, end);
    return [[id, { id, process, thread, command, cpu, policy, began, run, wait, runs } as Thread]];
  });
  return new Map(all);
}

function linesOf(text = "", file: string): Map<string, string> {
  const line = new RegExp(`^/proc/(\\d+)/task/(\\d+)/${file}:(.*)$`);
  return new Map(
    text.split("\n").flatMap((one): [string, string][] => {
      const [, process, thread, rest] = line.exec(one) ?? [];
      return rest === undefined ? [] : [[`${process}/${thread}`, rest]];
    }),
  );
}
