import { z } from "zod";
import { recordedRun, replaying } from "../cases/index.js";
import { interrupted } from "../cell/index.js";
import { ConcurrentTask } from "../concurrent/index.js";
import { SkbookError } from "../errors/index.js";
import { detached, detachedNotes, type ExecEnd, type Host, withDetached } from "../hosts/index.js";
import { badParameters } from "../parameters/index.js";
import { watched } from "../progress/index.js";
import { createTable, type Table } from "../tables/index.js";
import { sampleColumns } from "./columns.js";
import { addressesOf, Connections, filterWords } from "./filter.js";
import { linesOf } from "./lines.js";
import { type Heard, maxSockets, SampleReader } from "./reader.js";
import { samplerScript } from "./script.js";
import { isShaping, shapingOf } from "./shaping.js";

/** What {@link socketSamples} is asked. */
export interface SocketSamplesOptions {
  /** Address or prefix of one end of the connections. Which end the host is doesn't matter: the same options fit both. Default: any. */
  src?: string;
  /** Address or prefix of the other end. Default: any. */
  dst?: string;
  /** Port of either end; several are alternatives. Default: any. */
  port?: number | number[];
  /** Milliseconds from one sample to the next, 100 to 60,000, in steps of 10. Default 1,000. */
  everyMs?: number;
  /** How long, in seconds, 0.5 to 3,600; with `during`, at most. Default 10. */
  seconds?: number;
  /** Network namespace on the host, by the name that `ip netns` has for it. Default: the host's own. */
  netns?: string;
  /** Ends it after so many rows. Default 1,000,000. */
  maxRows?: number;
  /** Called once the first sample is there; the sampling ends with it. Called in a replay too. */
  during?: () => unknown;
  /** Ends the sampling when it aborts, as `during` does; what came is there. */
  signal?: AbortSignal;
}

const Options = Connections.extend({
  everyMs: z.int().min(100).max(60_000).multipleOf(10).default(1_000),
  seconds: z.number().min(0.5).max(3_600).default(10),
  netns: z
    .string()
    .regex(/^[\w][\w.-]{0,254}$/, "the name of a network namespace, as `ip netns` shows it")
    .optional(),
  maxRows: z.int().min(1).max(100_000_000).default(1_000_000),
  during: z.custom<() => unknown>((value) => typeof value === "function", "has to be a function").optional(),
  signal: z.instanceof(AbortSignal).optional(),
});

/** How a sampling ended, as a case keeps it. */
const outcomeShape = z.object({
  exitCode: z.number().nullable(),
  stderr: z.string(),
  timedOut: z.boolean(),
  leaseExpired: z.boolean(),
  connectionLost: z.boolean(),
  /** It was told to end: by `during` or `signal`, or at `maxRows`. */
  asked: z.boolean().default(false),
  detached,
  group: z.number().nullable(),
});
type Outcome = z.output<typeof outcomeShape>;

/**
 * Samples the TCP sockets of a host: `ss -tinmoe`, again and again, under the lease of every remote command. Nothing is attached or changed. A sample costs the host
 * some milliseconds and some microseconds per socket that is asked for; give `dst` or `port`: what is filtered is filtered in the kernel. `ss` takes the lock of each
 * socket for a moment. Listening sockets and those in TIME-WAIT are not there.
 *
 * Counters that the host's kernel or `ss` doesn't know are null; where it knows them, what it leaves out is 0. Ask both ends at once: `onAll([sender, receiver], (host) =>
 * socketSamples(host, options))`. The kernel's settings that bear on TCP are in `provenance.details.settings`, as they are; the rate that a queueing
 * discipline of the device sets for a peer (fq, tbf, netem, cake; not of classes) in `provenance.details.shaping`, of the first 8 peers; its counters of time go by its ticks (4 ms where HZ is 250).
 *
 * Columns: {@link openSocketSamples} lists them.
 *
 * @returns a Table, one row per socket and sample, in order of time. Samples that were due and couldn't be taken in time are in `provenance.lost`.
 * @throws SkbookError `TOOL_MISSING` without ss, `SAMPLING_FAILED` where it says why, `BAD_PARAMETER`, `DURING_FAILED`, `LEASE_EXPIRED` and `CONNECTION_LOST` before the first
 *   sample (after it, what came is there, and `partial`), `INTERRUPTED`, and the host's own; in a replay `NOT_RECORDED`.
 * @example await socketSamples(host, { dst: "192.0.2.2", port: 5201, everyMs: 200, seconds: 20 })
 */
export async function socketSamples(host: Host, options: SocketSamplesOptions = {}): Promise<Table> {
  const parsed = Options.safeParse(options);
  if (!parsed.success) throw badParameters("socketSamples", parsed.error);
  const { during, signal, maxRows, everyMs, seconds, netns, ...connections } = parsed.data;
  const tried = `sample the sockets of ${host.name}`;
  const ticks = Math.floor((1_000 * seconds) / everyMs) + 1;
  const params = { everyMs, seconds, netns: netns ?? null, maxRows, filter: filterWords(connections) };
  let asked = false;
  let stop = () => {};
  const run = await recordedRun(
    { kind: "sockets", name: "socketSamples", host: host.name, params },
    outcomeShape,
    () => {
      const words = [
        "sh",
        "-c",
        samplerScript,
        "skbook",
        String(everyMs / 10),
        String(ticks),
        addressesOf(connections).join(" "),
        ...params.filter,
      ];
      const execution = host.start(
        netns === undefined ? words : ["nsenter", `--net=/run/netns/${netns}`, ...words],
        {
          root: netns !== undefined,
          deadlineSeconds: Math.ceil(seconds) + 30,
        },
      );
      stop = () => {
        asked = true;
        execution.end();
      };
      const outcome = execution.ended.then((end) => ({ ...outcomeOf(host.name, tried, end), asked }));
      return { bytes: execution, outcome };
    },
  );
  const task = new ConcurrentTask(tried, during, {
    settleMs: (await replaying()) ? 0 : everyMs,
    stop: () => stop(),
  });
  const abort = () => stop();
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  const reader = new SampleReader();
  const writer = await createTable("samples", sampleColumns);
  let rows = 0;
  let truncated = false;
  const standing = () => ({
    part: reader.heard.ticks / ticks,
    facts: [`${reader.heard.samples} of ${ticks} samples`, `${rows.toLocaleString("en-US")} rows`],
  });
  try {
    await watched(tried, standing, async () => {
      for await (const lines of linesOf(run.bytes)) {
        for (const line of lines) {
          const ended = reader.take(line);
          if (reader.heard.samples > 0) task.begin();
          if (ended.length === 0 || truncated) continue;
          truncated = rows + ended.length > maxRows;
          const kept = truncated ? ended.slice(0, maxRows - rows) : ended;
          writer.append(kept);
          rows += kept.length;
          if (truncated) stop();
        }
      }
    });
    reader.end();
    const outcome = await run.outcome;
    const { heard } = reader;
    if (heard.samples === 0) throw nothingSampled(host.name, tried, outcome);
    await task.over();
    const early =
      outcome.leaseExpired || outcome.connectionLost || (outcome.exitCode !== 0 && !outcome.asked);
    const due = early || outcome.asked ? heard.ticks : ticks;
    const lost = due - heard.samples;
    return await writer.finish({
      source: "socketSamples",
      host: host.name,
      recordingId: run.recordingId,
      startedAt: isoOf(heard.firstNs),
      endedAt: isoOf(heard.lastNs),
      lost,
      truncated: truncated || heard.beyond > 0,
      partial: early,
      notes: [
        ...detachedNotes(host.name, outcome),
        ...(early
          ? [`Sampling ended early, after ${heard.ticks} of ${ticks} samples: ${whyEarly(outcome)}`]
          : []),
        ...lagNotes(heard, everyMs, due),
        ...(truncated
          ? [`More than ${maxRows.toLocaleString("en-US")} rows (maxRows): the rest is not here`]
          : []),
        ...beyondNotes(heard),
        ...(heard.unread > 0 ? [`${heard.unread} lines of ss could not be read, and are not here`] : []),
      ],
      details: detailsOf(heard, everyMs),
    });
  } catch (error) {
    stop();
    await writer.discard().catch(() => {});
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/** What analyses go by, beside the rows. */
export function detailsOf({ facts, samples, longestMs }: Heard, everyMs: number | null) {
  const { kernel = null, ss = null, ...rest } = facts;
  const settings = Object.fromEntries(Object.entries(rest).filter(([name]) => !isShaping(name)));
  return { everyMs, samples, longestSampleMs: longestMs, kernel, ss, settings, shaping: shapingOf(rest) };
}

/** Sockets that a sample had too many of. */
export function beyondNotes({ beyond }: Heard): string[] {
  const most = maxSockets.toLocaleString("en-US");
  return beyond === 0
    ? []
    : [
        `${beyond.toLocaleString("en-US")} sockets are not here: of a sample, ${most} are kept; ask for fewer (dst, port)`,
      ];
}

export function isoOf(ns: bigint | null): string | null {
  return ns === null ? null : new Date(Number(ns / 1_000_000n)).toISOString();
}

function outcomeOf(host: string, tried: string, end: ExecEnd): Omit<Outcome, "asked"> {
  if (end.canceled) throw new SkbookError(withDetached(host, end, interrupted(tried)));
  const { exitCode, stderr, timedOut, leaseExpired, connectionLost, detached, group } = end;
  return {
    ...{ exitCode, timedOut, leaseExpired, connectionLost, detached, group },
    // ss says it of every sample where nothing is mounted that it would name control groups by.
    stderr: stderr.replaceAll(/^Failed to find cgroup2 mount\n?/gm, "").slice(-4_000),
  };
}

function whyEarly({ leaseExpired, connectionLost, timedOut, stderr }: Outcome): string {
  if (connectionLost) return "the connection broke";
  if (leaseExpired) return "the notebook's process was too busy to renew the lease for 4 s";
  if (timedOut) return "its deadline came first";
  return stderr.trim() || "ss or the shell was ended on the host";
}

function lagNotes({ samples, failed, longestMs }: Heard, everyMs: number, due: number): string[] {
  const lost = due - samples;
  if (lost === 0)
    return longestMs < everyMs / 2 ? [] : [`A sample took up to ${longestMs} ms of ${everyMs} ms`];
  return [
    `${lost} of ${due} samples are not there${failed > 0 ? `, in ${failed} of them ss failed` : ""}: one of the ${samples} others took up to ${longestMs} ms; ` +
      "ask for fewer sockets (dst, port), or less often (everyMs)",
  ];
}

function nothingSampled(host: string, tried: string, outcome: Outcome): SkbookError {
  const failure = (code: string, failed: string, todo: string) =>
    new SkbookError(withDetached(host, outcome, { code, tried, failed, todo }));
  if (outcome.connectionLost)
    return failure("CONNECTION_LOST", "the connection broke before the first sample", "connect() again");
  if (outcome.leaseExpired) return failure("LEASE_EXPIRED", whyEarly(outcome), "run the cell again");
  if (outcome.exitCode === 127) {
    return failure(
      "TOOL_MISSING",
      "ss: not installed there",
      "install iproute2 on the host (Debian: apt install iproute2)",
    );
  }
  return failure(
    "SAMPLING_FAILED",
    whyEarly(outcome),
    "see whether `ss -ti` works on the host; netns has to be a name that `ip netns` shows there",
  );
}
