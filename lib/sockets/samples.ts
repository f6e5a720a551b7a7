import { z } from "zod";
import type { Host } from "../hosts/index.js";
import { badParameters } from "../parameters/index.js";
import { createTable, type Table } from "../tables/index.js";
import { sampleColumns } from "./columns.js";
import { addressesOf, Connections, filterWords } from "./filter.js";
import { type Heard, maxSockets, SampleReader } from "./reader.js";
import { type Sampling, sampled, samplingShape } from "./sampler.js";
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
  ...samplingShape,
  everyMs: samplingShape.everyMs.default(1_000),
  maxRows: z.int().min(1).max(100_000_000).default(1_000_000),
  signal: z.instanceof(AbortSignal).optional(),
});

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
  const sampling: Sampling = {
    ...{ name: "socketSamples", tried: `sample the sockets of ${host.name}`, script: samplerScript },
    ...{ everyMs, seconds, netns, filter: filterWords(connections), further: { maxRows } },
    ends: addressesOf(connections),
    ...{ during, signal, fewer: "dst, port" },
  };
  const reader = new SampleReader();
  const { heard } = reader;
  const writer = await createTable("samples", sampleColumns);
  let rows = 0;
  let truncated = false;
  const take = (line: string, stop: () => void) => {
    const ended = reader.take(line);
    if (ended.length === 0 || truncated) return;
    truncated = rows + ended.length > maxRows;
    const kept = truncated ? ended.slice(0, maxRows - rows) : ended;
    writer.append(kept);
    rows += kept.length;
    if (truncated) stop();
  };
  try {
    const facts = () => [`${rows.toLocaleString("en-US")} rows`];
    const { recordingId, lost, early, notes } = await sampled(host, sampling, { heard, take, facts });
    return await writer.finish({
      ...{ source: "socketSamples", host: host.name, recordingId, lost, partial: early },
      ...{ startedAt: isoOf(heard.firstNs), endedAt: isoOf(heard.lastNs) },
      truncated: truncated || heard.beyond > 0,
      notes: [
        ...notes,
        ...(truncated
          ? [`More than ${maxRows.toLocaleString("en-US")} rows (maxRows): the rest is not here`]
          : []),
        ...beyondNotes(heard),
        ...(heard.unread > 0 ? [`${heard.unread} lines of ss could not be read, and are not here`] : []),
      ],
      details: detailsOf(heard, everyMs),
    });
  } catch (error) {
    await writer.discard().catch(() => {});
    throw error;
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
