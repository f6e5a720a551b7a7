import { z } from "zod";
import { bundleOf, jupyterDisplay, type MimeBundle } from "../../lib/cell/index.js";
import {
  type Choice,
  checkChoice,
  evaluate,
  type Findings,
  type ThresholdsOf,
} from "../../lib/findings/index.js";
import { type Host, softnetCounters, stealSummary, threadCpu } from "../../lib/hosts/index.js";
import { badParameters } from "../../lib/parameters/index.js";
import type { CommonParameters } from "../../lib/probes/index.js";
import { type Column, deriveTable, type Frame, type Table } from "../../lib/tables/index.js";
import { beside, missingOf } from "../beside.js";
import { chosenOf, maxThreads } from "./chosen.js";
import { type LatePackets, latePackets, waitsOf } from "./packets.js";
import { type Looks, partsOf } from "./parts.js";
import { latencyReportRules } from "./rules.js";
import { type Seen, subjectOf } from "./tables.js";

/** What {@link latencyReport} is asked. */
export interface LatencyReportOptions extends Pick<CommonParameters, "seconds" | "attachSeconds" | "during"> {
  /** Threads to look at, up to 16 numbers as `ps -eLo tid` has them. Default: those that packets wait for, by their names. */
  threads?: readonly number[];
  /** Wake-ups that took so long have a row in `late`, in microseconds. Default 500. */
  slowerThanUs?: number;
  /** Which packets are late, if that is known: where they come in and go out, as {@link stageSummary} has it, and filters. What they wait for is looked at, too. */
  packets?: LatePackets;
  /** Thresholds in place of the rules' own: `{ LATE_BEHIND_OTHERS: { high_p99: 5000 } }`. */
  thresholds?: ThresholdsOf<typeof latencyReportRules>;
}

/** What is late on a host: whose thread, on whose CPU, since when. */
export class LatencyReport {
  constructor(
    /** What is wrong, the worst first, with evidence. */
    readonly findings: Findings,
    /** Threads that packets wait for: how long they ran and waited for a CPU, and who had it when they were late. */
    readonly threads: Frame,
    /** How long these took from their wake-up until they ran, by the idle state that their CPU came out of. */
    readonly wakeups: Frame,
    /** How long softirqs of the network waited and ran, by CPU. */
    readonly softirqs: Frame,
    /** What each CPU did, what its host took, and how often it left packets for later. */
    readonly cpus: Frame,
    /** Where the packets that were asked for waited: stages, queues, backlogs, upcalls; null where none were asked for. */
    readonly waits: Frame | null,
    /** Each wake-up of these threads that took long, as {@link wakeupEvents} has it. */
    readonly late: Table,
  ) {}

  async [jupyterDisplay](): Promise<MimeBundle> {
    const shown = [this.findings, this.waits, this.threads, this.wakeups, this.softirqs];
    const parts = await Promise.all(shown.flatMap((one) => (one === null ? [] : [bundleOf(one)])));
    const of = (kind: string) => parts.map((part) => String(part[kind] ?? ""));
    return { "text/html": of("text/html").join("\n"), "text/plain": of("text/plain").join("\n\n") };
  }
}

/** How long what is read beside may take on top. */
const readingSeconds = 180;
/** As many probes are attached, one after the other. */
const mostAttached = 7;
/** The longest run of a probe. */
const maxSeconds = 3_600;

/** What is attached first looks on while all others are attached, and beyond the time that was asked for. */
const besideSeconds = (attachSeconds = 30) => readingSeconds + mostAttached * attachSeconds;

/**
 * Says what is late on a host and why: whether the threads that packets wait for (vhost, virtual CPUs, Open vSwitch, NAPI, ksoftirqd) get their CPU in time, and who has it where they don't; whether softirqs of the network wait;
 * whether CPUs sleep too deeply; whether the host of this guest takes its time. The first thing to run on a host where a ping is slow and no packet is missing: it needs no flow. Where
 * the packets that are late are known, `packets` names them, and it says what they wait for, too: between which stages, in whose queue, on whose CPU, or for ovs-vswitchd.
 *
 * @param options.seconds how long, 0.5 to 3210, less where attaching may take longer than by default: 3420 without 7 × `attachSeconds`; with `during`, at most.
 * @param options.attachSeconds how long attaching may take on top. Default 30.
 * @param options.during called once all is attached and read; the report ends with it.
 * @param options.threads to look at, in place of those that packets wait for.
 * @param options.slowerThanUs wake-ups that took so long have a row in `late`. Default 500.
 * @param options.packets which packets are late: `from` and `to` as {@link stageSummary} has them, and filters. Without `from` and `to`, stages are not looked at.
 * @param options.thresholds of its rules; a finding shows the ones it was held against.
 * @returns `findings`; Frames `threads` (`role`, `process`, `thread`, `command`, `cpu`, `policy`, `run_percent`, `wait_percent`, `wait_avg_ns`, `late`, `first_late_ns`, `last_late_ns`, `before`, `before_late`, `behind_percent`), `wakeups` (`role`, `command`, `thread`,
 *   `idle_state`, `count`, percentiles as bounds, and the same as `threads` about late ones of that thread and idle state), `softirqs` (`vector`, `cpu`, `ksoftirqd`, `interval`, `busy_percent`, `count`, percentiles as bounds), `cpus` (`cpu`, `steal_percent`, `run_percent`,
 *   `irq_percent`, `softirq_percent`, `idle_percent`, `processed_per_second`, `time_squeeze_per_second`), `waits` (`wait`, `place`, `device`, `cpu`, `packets`, `count`, percentiles as bounds), null without `packets`; and `late`, a Table. In a cell it shows findings, waits, threads, wake-ups and softirqs.
 *
 * Percentages of threads are by {@link threadCpu}, distributions by {@link wakeupSummary} and {@link softirqSummary}. `before` is who had the CPU at the end of the waits that took most time. At most 16 threads are looked at;
 * a note says where there are more. Waits are by {@link stageSummary}, {@link qdiscLatencySummary}, {@link backlogSummary} and {@link upcallSummary}; a probe that fails, or that the host lacks something for, is a note. What is late on the wire
 * or in a guest is in none of these: see {@link pathSummary} and {@link echoSummary}.
 * @throws SkbookError as every probe, see {@link makeProbe}.
 * @example await latencyReport(host, { seconds: 10, packets: { from: "vnet1", to: "eth0", dst: "203.0.113.30" } })
 */
export async function latencyReport(host: Host, options: LatencyReportOptions): Promise<LatencyReport> {
  const { seconds, attachSeconds, during, threads: asked, packets, slowerThanUs, choice } = checked(options);
  const { chosen, all } =
    asked === undefined
      ? chosenOf(await threadCpu(host, { seconds: 0.5 }))
      : { chosen: [...asked], all: asked.length };
  const looks = { packets, threads: chosen, slowerThanUs };
  const seen = await look(host, looks, { seconds, attachSeconds, during });
  return reportOf(seen, { chosen, all, packets, choice });
}

/** All that is read and attached: probes look on while counters are read twice, and the innermost reading takes the time. */
async function look(
  host: Host,
  looks: Looks,
  {
    seconds,
    attachSeconds,
    during,
  }: Pick<ReturnType<typeof checked>, "seconds" | "attachSeconds" | "during">,
): Promise<Seen> {
  const outer = { seconds: seconds + besideSeconds(attachSeconds) };
  const attached = { ...outer, ...(attachSeconds === undefined ? {} : { attachSeconds }) };
  const read: Partial<Pick<Seen, "threads" | "softnet" | "steal">> = {};
  const readSteal = async () => {
    read.steal = await stealSummary(host, { seconds, ...(during === undefined ? {} : { during }) });
  };
  const readSoftnet = async () => {
    read.softnet = await softnetCounters(host, { ...outer, during: readSteal });
  };
  const outcomes = await beside(partsOf(host, looks, attached), async () => {
    read.threads = await threadCpu(host, { ...outer, during: readSoftnet });
  });
  const { stages, queues, backlogs, upcalls, late, wakeups, softirqs } = outcomes;
  const waits = {
    stages: stages?.seen ?? null,
    queues: queues?.seen ?? null,
    backlogs: backlogs?.seen ?? null,
    upcalls: upcalls?.seen ?? null,
  };
  return {
    ...(read as Required<typeof read>),
    softirqs: softirqs.seen,
    wakeups: wakeups?.seen ?? null,
    late: late?.seen ?? null,
    waits: looks.packets === undefined ? null : waits,
    missing: missingOf(outcomes),
  };
}

/** The report of what was seen. */
export async function reportOf(
  seen: Seen,
  {
    chosen,
    all,
    packets = {},
    choice,
  }: {
    chosen: readonly number[];
    all: number;
    packets?: LatePackets | undefined;
    choice: Choice<string>;
  },
): Promise<LatencyReport> {
  const waits = await waitsOf(seen.waits, packets);
  const { late, ...subject } = await subjectOf(seen, waits, chosen, [
    ...seen.missing.map(({ note }) => note),
    ...(all > chosen.length
      ? [`${all} threads carry packets by their names; ${chosen.length} of them are looked at`]
      : []),
    ...(chosen.length > 0 ? [] : ["no thread carries packets by its name: name them by `threads`"]),
  ]);
  const { provenance } = subject.softirqs;
  const findings = await evaluate({
    name: "latencyReport",
    subject,
    rules: latencyReportRules,
    choice,
    doubts: () =>
      deriveTable("doubts", {
        sources: {},
        query: "SELECT NULL AS flow, NULL AS doubt WHERE false",
        columns: doubtColumns,
        provenance: {
          ...provenance,
          partial: provenance.partial || seen.missing.some(({ code }) => !lacks.includes(code)),
          notes: subject.threads.provenance.notes,
        },
      }),
  });
  const { threads, wakeups, softirqs, cpus } = subject;
  return new LatencyReport(
    findings,
    await threads.toFrame(),
    await wakeups.toFrame(),
    await softirqs.toFrame(),
    await cpus.toFrame(),
    waits === null ? null : await waits.toFrame(),
    late,
  );
}

/** Codes of errors that say that a host has nothing of what a probe looks at: nothing of it is missing then. */
const lacks = ["HOOK_MISSING", "USERSPACE_DATAPATH"];

/** Nothing casts doubt on times that the kernel took; what it lost is said beside them. */
const doubtColumns: Column[] = [
  { name: "flow", type: "VARCHAR", meaning: "about this flow" },
  { name: "doubt", type: "VARCHAR", meaning: "id of the finding that explains it" },
];

const threadNumber = z.int().min(1).max(4_194_304);
const Options = z
  .strictObject({
    seconds: z.number().min(0.5),
    attachSeconds: z.number().min(1).max(300).optional(),
    during: z
      .custom<() => unknown>((value) => typeof value === "function", "has to be a function")
      .optional(),
    threads: z.array(threadNumber).min(1).max(maxThreads).optional(),
    packets: latePackets.optional(),
    slowerThanUs: z.int().min(0).max(1_000_000_000).default(500),
    thresholds: z.unknown().optional(),
  })
  .superRefine(({ seconds, attachSeconds }, context) => {
    const most = maxSeconds - besideSeconds(attachSeconds);
    if (seconds > most)
      context.addIssue({
        code: "too_big",
        origin: "number",
        maximum: most,
        path: ["seconds"],
        message: `has to be ${most} at most, beside what attaching may take`,
      });
  });

/** Refuses what is wrong before anything is attached. */
function checked(options: LatencyReportOptions) {
  const { data, error } = Options.safeParse(options);
  if (data === undefined) throw badParameters("latencyReport", error);
  const choice: Choice<string> = { thresholds: { ...(data.thresholds as object) }, only: undefined };
  checkChoice("latencyReport", latencyReportRules as never, choice);
  return { ...data, packets: data.packets as LatePackets | undefined, choice };
}
