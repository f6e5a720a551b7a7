import { z } from "zod";
import { recordedRun, replaying } from "../cases/index.js";
import { interrupted } from "../cell/index.js";
import { ConcurrentTask } from "../concurrent/index.js";
import { SkbookError } from "../errors/index.js";
import {
  detached,
  detachedNotes,
  type ExecEnd,
  type Host,
  inNamespace,
  namespaceName,
  withDetached,
} from "../hosts/index.js";
import { watched } from "../progress/index.js";
import type { Told } from "./framing.js";
import { linesOf } from "./lines.js";

/** What every sampling is asked. */
export const samplingShape = {
  everyMs: z.int().min(100).max(60_000).multipleOf(10),
  seconds: z.number().min(0.5).max(3_600).default(10),
  netns: namespaceName.optional(),
  during: z.custom<() => unknown>((value) => typeof value === "function", "has to be a function").optional(),
};

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

/** A sampling of the sockets of a host. */
export interface Sampling {
  /** The function that was called: what a case knows it by. */
  name: string;
  tried: string;
  /** One of script.ts. */
  script: string;
  everyMs: number;
  seconds: number;
  netns: string | undefined;
  /** Words of `ss` that choose sockets. */
  filter: string[];
  /** Addresses of ends that are asked for. */
  ends?: string[];
  /** Parameters beside these, that a recording has to have been made with. */
  further: { [name: string]: number };
  during: (() => unknown) | undefined;
  signal: AbortSignal | undefined;
  /** How fewer sockets are asked for, where samples are late. */
  fewer: string;
}

/** Who reads what the sampler says. */
export interface Listener {
  heard: Told;
  take(line: string, stop: () => void): void;
  facts(): string[];
}

/** How a sampling went. */
export interface Sampled {
  recordingId: string | null;
  /** Samples that were due and are not there. */
  lost: number;
  /** It ended before its time, and nobody asked. */
  early: boolean;
  notes: string[];
}

/**
 * Runs a sampler on a host under the lease of every remote command, or plays one back.
 *
 * @throws SkbookError as {@link socketSamples} does.
 */
export async function sampled(host: Host, sampling: Sampling, listener: Listener): Promise<Sampled> {
  const {
    name,
    tried,
    script,
    everyMs,
    seconds,
    netns,
    filter,
    ends = [],
    further,
    during,
    signal,
  } = sampling;
  const ticks = Math.floor((1_000 * seconds) / everyMs) + 1;
  const params = { everyMs, seconds, netns: netns ?? null, ...further, filter };
  let asked = false;
  let stop = () => {};
  const run = await recordedRun({ kind: "sockets", name, host: host.name, params }, outcomeShape, () => {
    const given = [String(everyMs / 10), String(ticks), ends.join(" "), ...filter];
    const words = ["sh", "-c", script, "skbook", ...given];
    const execution = host.start(inNamespace(netns, words), {
      root: netns !== undefined,
      deadlineSeconds: Math.ceil(seconds) + 30,
    });
    stop = () => {
      asked = true;
      execution.end();
    };
    const outcome = execution.ended.then((end) => ({ ...outcomeOf(host.name, tried, end), asked }));
    return { bytes: execution, outcome };
  });
  const task = new ConcurrentTask(tried, during, {
    settleMs: (await replaying()) ? 0 : everyMs,
    stop: () => stop(),
  });
  const abort = () => stop();
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  const { heard } = listener;
  const standing = () => ({
    part: heard.ticks / ticks,
    facts: [`${heard.samples} of ${ticks} samples`, ...listener.facts()],
  });
  try {
    await watched(tried, standing, async () => {
      for await (const lines of linesOf(run.bytes)) {
        for (const line of lines) {
          listener.take(line, stop);
          if (heard.samples > 0) task.begin();
        }
      }
    });
    const outcome = await run.outcome;
    if (heard.samples === 0) throw nothingSampled(host.name, tried, outcome);
    await task.over();
    const early =
      outcome.leaseExpired || outcome.connectionLost || (outcome.exitCode !== 0 && !outcome.asked);
    const due = early || outcome.asked ? heard.ticks : ticks;
    const notes = [
      ...detachedNotes(host.name, outcome),
      ...(early
        ? [`Sampling ended early, after ${heard.ticks} of ${ticks} samples: ${whyEarly(outcome)}`]
        : []),
      ...lagNotes(heard, sampling, due),
    ];
    return { recordingId: run.recordingId, lost: due - heard.samples, early, notes };
  } catch (error) {
    stop();
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
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

function lagNotes({ samples, failed, longestMs }: Told, { everyMs, fewer }: Sampling, due: number): string[] {
  const lost = due - samples;
  if (lost === 0)
    return longestMs < everyMs / 2 ? [] : [`A sample took up to ${longestMs} ms of ${everyMs} ms`];
  return [
    `${lost} of ${due} samples are not there${failed > 0 ? `, in ${failed} of them ss failed` : ""}: one of the ${samples} others took up to ${longestMs} ms; ` +
      `ask for fewer sockets (${fewer}), or less often (everyMs)`,
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
