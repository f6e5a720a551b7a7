import { z } from "zod";
import type { Host } from "../hosts/index.js";
import { badParameters } from "../parameters/index.js";
import { type Column, completeProvenance, createFrame, type Frame, type Value } from "../tables/index.js";
import { sportWords } from "./filter.js";
import { type Listening, ListenReader, maxListening } from "./listen-reader.js";
import { sampled, samplingShape } from "./sampler.js";
import { isoOf } from "./samples.js";
import { listenScript } from "./script.js";

/** What {@link listenSummary} is asked. */
export interface ListenSummaryOptions {
  /** Port that sockets listen on; several are alternatives. Default: any. */
  port?: number | number[];
  /** Milliseconds from one sample to the next, 100 to 60,000, in steps of 10. Default 200. */
  everyMs?: number;
  /** How long, in seconds, 0.5 to 3,600; with `during`, at most. Default 10. */
  seconds?: number;
  /** Network namespace on the host, by the name that `ip netns` has for it. Default: the host's own. */
  netns?: string;
  /** Called once the first sample is there; the sampling ends with it. Called in a replay too. */
  during?: () => unknown;
}

const port = z.int().min(1).max(65_535);
const Options = z.strictObject({
  port: z.union([port, z.array(port).nonempty()]).optional(),
  ...samplingShape,
  everyMs: samplingShape.everyMs.default(200),
});

const columns: Column[] = [
  {
    name: "src",
    type: "VARCHAR",
    meaning:
      "address that it listens on; * is any of both versions of IP, 0.0.0.0 any of IPv4, :: any of IPv6",
  },
  { name: "src_port", type: "INTEGER", meaning: "port that it listens on" },
  { name: "device", type: "VARCHAR", meaning: "device that it is bound to; null: none" },
  { name: "socket", type: "VARCHAR", meaning: "the kernel's cookie of the socket: never used twice" },
  {
    name: "process",
    type: "BIGINT",
    meaning: "number of the process that has it open, the lowest of several; null: not known, or began later",
  },
  { name: "command", type: "VARCHAR", meaning: "name of that process" },
  { name: "samples", type: "BIGINT", meaning: "samples that it is in" },
  {
    name: "limit",
    type: "BIGINT",
    unit: "connections",
    meaning:
      "of its accept queue: the backlog of listen(2), at most somaxconn. A queue that has more is full",
  },
  {
    name: "queue_p50",
    type: "BIGINT",
    unit: "connections",
    meaning: "half of the samples had at most so many in the accept queue",
  },
  {
    name: "queue_p99",
    type: "BIGINT",
    unit: "connections",
    meaning: "99 % of the samples had at most so many",
  },
  { name: "queue_max", type: "BIGINT", unit: "connections", meaning: "the most that a sample had" },
  { name: "queue_last", type: "BIGINT", unit: "connections", meaning: "what the last sample had" },
  { name: "full_percent", type: "DOUBLE", unit: "%", meaning: "samples in which the accept queue was full" },
  {
    name: "syn_queue_max",
    type: "BIGINT",
    unit: "handshakes",
    meaning: "handshakes under way to its address and port, the most that a sample had",
  },
  {
    name: "drops",
    type: "BIGINT",
    unit: "packets",
    meaning:
      "packets to it that were dropped, from its first sample to its last; null: the host's kernel or ss doesn't tell",
  },
];

/** Counters of TCP that say what became of handshakes, by their names in /proc/net. */
const counted = [
  ...["PassiveOpens", "ListenOverflows", "ListenDrops", "TCPReqQFullDrop", "TCPReqQFullDoCookies"],
  ...["SyncookiesSent", "SyncookiesRecv", "SyncookiesFailed"],
];

/**
 * Samples the listening TCP sockets of a host (`ss -ltnme`): how many connections wait there for accept(2), against the limit; handshakes under way; and what the sockets dropped. The first question where clients can't
 * connect, or wait long for their first answer: is the server slow to accept, is its backlog full? Nothing is attached or changed; a sample costs the host some milliseconds.
 *
 * Columns: `src`, `src_port`, `device`, `socket`, `process`, `command`, `samples`, `limit`, `queue_p50`, `queue_p99`, `queue_max`, `queue_last`, `full_percent`, `syn_queue_max`, `drops`. One row per socket; those that were full for the largest share come first, then those that dropped
 * most. What a queue has between two samples is not seen: `queue_max` may be too low, a queue that fills for some milliseconds shows in `drops` alone. `drops` is the socket's own counter, which misses nothing: SYNs for which its accept queue was full, or the SYN queue without cookies, and what is no part of a
 * handshake. An ACK that ends a handshake and finds the accept queue full counts twice, and with TCP_DEFER_ACCEPT each ACK without data counts, too: what the kernel means by an overflow is in the counters below. Processes of other users are told to root only. Sockets that share address and port (SO_REUSEPORT) have a queue each, and `syn_queue_max` of all of them.
 *
 * `provenance.details.counters` has what TCP counted in the network namespace from the first sample to the last, of all its sockets (RFC 4022, and Linux' own): `PassiveOpens` (connections that came in), `ListenOverflows` (an accept queue was full), `ListenDrops` (those, and handshakes dropped for other reasons), `TCPReqQFullDrop` (a SYN queue was full, without cookies), `TCPReqQFullDoCookies`, `SyncookiesSent`, `SyncookiesRecv`,
 * `SyncookiesFailed`; null: the kernel doesn't count it. `details.settings` has somaxconn and what else bears on it. {@link acceptSummary} measures how long connections wait for accept(2).
 *
 * @returns a Frame, one row per listening socket. Samples that were due and couldn't be taken in time are in `provenance.lost`.
 * @throws SkbookError as {@link socketSamples} does.
 * @example await listenSummary(host, { port: 443, seconds: 30 })
 */
export async function listenSummary(host: Host, options: ListenSummaryOptions = {}): Promise<Frame> {
  const parsed = Options.safeParse(options);
  if (!parsed.success) throw badParameters("listenSummary", parsed.error);
  const { port: ports, everyMs, seconds, netns, during } = parsed.data;
  const reader = new ListenReader();
  const { heard, sockets } = reader;
  const { recordingId, lost, early, notes } = await sampled(
    host,
    {
      ...{
        name: "listenSummary",
        tried: `sample the listening sockets of ${host.name}`,
        script: listenScript,
      },
      ...{ everyMs, seconds, netns, during, filter: sportWords(ports), further: {}, signal: undefined },
      fewer: "port",
    },
    { heard, take: (line) => reader.take(line), facts: () => [`${sockets.size} sockets`] },
  );
  const { kernel = null, ss = null, ...settings } = heard.facts;
  const counters = Object.fromEntries(counted.map((name) => [name, changeOf(reader, name)]));
  const rows = [...sockets.values()].sort(byTrouble).map(rowOf);
  return createFrame(
    columns,
    rows,
    completeProvenance("listenSummary", {
      ...{ host: host.name, recordingId, lost, partial: early, truncated: heard.beyond > 0 },
      ...{ startedAt: isoOf(heard.firstNs), endedAt: isoOf(heard.lastNs) },
      notes: [
        ...notes,
        ...countedNotes(counters),
        ...(heard.beyond > 0
          ? [`more than ${maxListening.toLocaleString("en-US")} sockets listen: the rest is not here (port)`]
          : []),
        ...(heard.unread > 0 ? [`${heard.unread} lines of ss could not be read, and are not here`] : []),
      ],
      details: {
        ...{ everyMs, samples: heard.samples, longestSampleMs: heard.longestMs, kernel, ss },
        ...{ settings, counters },
      },
    }),
  );
}

function rowOf(one: Listening): Value[] {
  const { address, port, device, socket, owners, samples, limit, last, lengths, full, opening, drops } = one;
  const owner = [...owners].sort((a, b) => a.process - b.process)[0];
  const sorted = [...lengths].sort(([a], [b]) => a - b);
  return [
    ...[address, port, device, socket, owner?.process ?? null, owner?.command ?? null],
    ...[samples, limit, percentile(sorted, samples, 50), percentile(sorted, samples, 99)],
    ...[sorted.at(-1)?.[0] ?? null, last, (100 * full) / samples, opening, droppedBy(drops)],
  ];
}

/** Nearest rank: the smallest value that at least so many per cent don't exceed. */
function percentile(lengths: readonly [number, number][], samples: number, percent: number): Value {
  const rank = Math.max(1, Math.ceil((percent * samples) / 100));
  let passed = 0;
  for (const [length, count] of lengths) {
    passed += count;
    if (passed >= rank) return length;
  }
  return null;
}

/** The kernel counts in 32 bits. */
function droppedBy(drops: Listening["drops"]): number | null {
  return drops === null ? null : Number(BigInt.asUintN(32, drops.last - drops.first));
}

const byTrouble = (a: Listening, b: Listening) =>
  b.full / b.samples - a.full / a.samples ||
  (droppedBy(b.drops) ?? 0) - (droppedBy(a.drops) ?? 0) ||
  Math.max(...b.lengths.keys()) - Math.max(...a.lengths.keys()) ||
  (a.port ?? 0) - (b.port ?? 0);

function changeOf({ counters }: ListenReader, name: string): number | null {
  const found = counters.get(name);
  return found === undefined ? null : Number(found.last - found.first);
}

/** What nobody should have to look for. */
function countedNotes(counters: { [name: string]: number | null }): string[] {
  const said: [string, string][] = [
    ["ListenOverflows", "times an accept queue was full as a connection came"],
    ["TCPReqQFullDrop", "times a SYN queue was full, and the SYN was dropped"],
    ["SyncookiesSent", "SYNs were answered with a cookie"],
  ];
  return said.flatMap(([name, meaning]) => {
    const count = counters[name] ?? 0;
    return count > 0
      ? [`in the network namespace, ${count.toLocaleString("en-US")} ${meaning} (${name})`]
      : [];
  });
}
