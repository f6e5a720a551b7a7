import { z } from "zod";
import {
  type SocketPipeline,
  type SocketSummary,
  socketBuffers,
  socketPipeline,
  socketRates,
  socketRetransmissions,
  socketSummary,
  socketWindows,
} from "../../lib/analyses/index.js";
import { bundleOf, html, jupyterDisplay, type MimeBundle } from "../../lib/cell/index.js";
import { SkbookError } from "../../lib/errors/index.js";
import {
  bufferFillOverTime,
  type Figure,
  limitsOverTime,
  socketRatesOverTime,
  socketRttOverTime,
  socketWindowsOverTime,
} from "../../lib/figures/index.js";
import { type Host, namespaceName } from "../../lib/hosts/index.js";
import { badParameters } from "../../lib/parameters/index.js";
import { type SocketSamplesOptions, socketSamples } from "../../lib/sockets/index.js";
import type { Frame, Table, Value } from "../../lib/tables/index.js";
import { beside, missingOf, type Outcomes } from "../beside.js";
import { capturesOf, probesOf } from "./looks.js";
import { type Connection, evidenceOf, isOf, type SeenOfTransfer, turned, wireOf } from "./seen.js";

/** Which transfer {@link transferReport} looks at, and for how long. */
export interface TransferReportOptions {
  /** Address or prefix of one of its ends; which one doesn't matter. Default: any. */
  src?: string;
  /** Address or prefix of the other. Default: any. */
  dst?: string;
  /** Port of either end. Default: any. */
  port?: number;
  /** What the path can carry, with its unit: `"25 Gbit/s"`. Default: unknown. */
  bandwidth?: string | null;
  /** How long, in seconds, 1 to 3,600; with `during`, at most. Default 10. */
  seconds?: number;
  /** Milliseconds between samples, 100 to 60,000, in steps of 10. Default 200. */
  everyMs?: number;
  /** Network namespaces of the two ends, by the names that `ip netns` has for them. Default: the hosts' own. */
  netns?: { sender?: string; receiver?: string };
  /** Whether probes look on, too: what is sent again, what is in flight, how long data lies unread. Default true; what a host can't run is among the notes. */
  probes?: boolean;
  /** Whether the first 5 seconds are captured at both ends, headers alone. Default true where `src`, `dst` or `port` is given; what a host can't is among the notes. */
  captures?: boolean;
  /** Called once the sender's first sample is there: say, the transfer itself. Called in a replay too. */
  during?: () => unknown;
}

const address = z.string().min(1).optional();
const Options = z.strictObject({
  src: address,
  dst: address,
  port: z.int().min(1).max(65_535).optional(),
  bandwidth: z.string().nullish(),
  seconds: z.number().min(1).max(3_600).default(10),
  everyMs: z.int().min(100).max(60_000).multipleOf(10).default(200),
  netns: z.strictObject({ sender: namespaceName.optional(), receiver: namespaceName.optional() }).default({}),
  probes: z.boolean().default(true),
  captures: z.boolean().default(true),
  during: z.custom<() => unknown>((value) => typeof value === "function", "has to be a function").optional(),
});

/** Why a transfer is as fast as it is: its samples at both ends, and what they say. */
export class TransferReport {
  constructor(
    /** The verdict in a sentence, with its evidence. */
    readonly verdict: string,
    /** What to do next, the most pressing first: calls for a cell, and settings to look at. */
    readonly next: Frame,
    /** Ten points from one application to the other, findings and actions. */
    readonly pipeline: SocketPipeline,
    /** The sender's connection, statistics and findings. */
    readonly sender: SocketSummary,
    /** The receiver's. */
    readonly receiver: SocketSummary,
    /** What probes saw besides, in sentences. */
    readonly evidence: readonly string[],
    /** What probes and captures saw of the transfer. */
    readonly seen: SeenOfTransfer,
    /** What could not look, and why. */
    readonly notes: readonly string[],
    /** When data was sent again. */
    readonly retransmissions: Table,
    /** The samples of both ends. */
    readonly samples: { readonly sender: Table; readonly receiver: Table },
    /** What held it up over time, windows, rates, round trips, and the buffers of both ends. */
    readonly figures: {
      readonly limits: Figure;
      readonly windows: Figure;
      readonly rates: Figure;
      readonly rtt: Figure;
      readonly buffers: Figure;
    },
  ) {}

  toString(): string {
    return [String(this.pipeline), ...this.#said.map((lines) => lines.join("\n"))].join("\n\n");
  }

  /** Evidence, then notes, as far as there are any. */
  get #said(): string[][] {
    const said = [[...this.evidence], this.notes.map((note) => `note: ${note}`)];
    return said.filter((lines) => lines.length > 0);
  }

  async [jupyterDisplay](): Promise<MimeBundle> {
    const { limits, windows, buffers } = this.figures;
    const parts = await Promise.all(
      [this.pipeline, this.sender.findings, limits, windows, buffers].map(bundleOf),
    );
    const [first = "", ...rest] = parts.map((part) => String(part["text/html"] ?? ""));
    const lists = this.#said.map((lines) =>
      String(html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`),
    );
    return { "text/html": [first, ...lists, ...rest].join("\n"), "text/plain": this.toString() };
  }
}

/**
 * Says why a transfer is as fast as it is, and what to do: samples the sockets of both ends at the same time, finds the connection, and puts {@link socketPipeline}, the
 * {@link socketSummary} of each end and their figures together. The first thing to run where a transfer is slow.
 *
 * Meanwhile probes look on, where the hosts can run them ({@link tcpEvents} and {@link tcpFlightSummary} at the sender, {@link readLatencySummary} at the receiver), and the first 5 seconds are captured at both ends; `probes: false` and `captures: false` leave
 * them out, and then nothing is attached. What could not look is in `notes`, and the rest of the answer stands. Nothing is changed on either host. One connection has to have carried data from the sender to the receiver meanwhile: narrow it by `dst` and `port` (of its client, too) where there are several; those with less than 1 % of the largest one's data don't count.
 *
 * @param sender the host that sends.
 * @param receiver the host that receives; the same one, with `netns`, where both ends are on it.
 * @param flow which transfer, and for how long.
 * @returns `verdict`, `next`, `pipeline`, `sender`, `receiver`, `evidence`, `seen` (`retransmissions`, `flight`, `unread`, `captures`, `wire`: of this connection, null where nothing looked), `notes`, `retransmissions`, `samples` and `figures` (`limits`, `windows`,
 *   `rates`, `rtt`, `buffers`). In a cell it shows the pipeline, evidence, notes, the sender's findings and figures.
 * @throws SkbookError as `socketSamples` and `socketPipeline` do: `BAD_PARAMETER` also where no connection or several carried data, `NO_SUCH_PEER`.
 * @example await transferReport(hostA, hostB, { dst: "198.51.100.20", port: 5201, bandwidth: "10 Gbit/s" })
 */
export async function transferReport(
  sender: Host,
  receiver: Host,
  flow: TransferReportOptions = {},
): Promise<TransferReport> {
  const parsed = Options.safeParse(flow);
  if (!parsed.success) throw badParameters("transferReport", parsed.error);
  const { bandwidth = null, netns, during, src, dst, port, seconds, everyMs, ...wanted } = parsed.data;
  const ends = {
    ...(src === undefined ? {} : { src }),
    ...(dst === undefined ? {} : { dst }),
    ...(port === undefined ? {} : { port }),
  };
  let sampled: readonly [Table, Table] | undefined;
  const probes = wanted.probes ? probesOf(sender, receiver, ends, seconds) : {};
  // Without any of them it would be all TCP.
  const unbounded = wanted.captures && Object.keys(ends).length === 0;
  const captures = wanted.captures && !unbounded ? capturesOf(sender, receiver, ends, seconds, netns) : {};
  let captured: Captured = {};
  const outcomes = await beside(probes, async () => {
    // A capture is short: it begins with the samples.
    captured = await beside(captures, async () => {
      sampled = await sampleBoth({ sender, receiver }, { ...ends, seconds, everyMs }, netns, during);
    });
  });
  const [atSender, atReceiver] = sampled as unknown as readonly [Table, Table];
  const samples = { sender: atSender, receiver: atReceiver };
  const early = [atSender, atReceiver].flatMap(({ provenance: { host, partial, notes } }) =>
    partial ? notes.map((note) => `samples of ${host}: ${note}`) : [],
  );
  const pipeline = await socketPipeline(samples.sender, samples.receiver, { bandwidth }).catch(
    (error: unknown) => {
      if (!(error instanceof SkbookError) || early.length === 0) throw error;
      const { code, tried, failed, todo } = error;
      throw new SkbookError({ code, tried, failed: [failed, ...early].join("; "), todo, cause: error });
    },
  );
  const [own, peer] = pipeline.flow.split(" → ");
  const at = { sender: { flow: pipeline.flow }, receiver: { flow: `${peer} → ${own}` } };
  const connection = await connectionOf(samples.sender, pipeline.flow);
  const seen = await seenOf(connection, outcomes, captured);
  const windows = await socketWindows(samples.sender, at.sender);
  const rates = await socketRates(samples.sender, at.sender);
  const figures = {
    limits: await limitsOverTime(windows),
    windows: await socketWindowsOverTime(windows),
    rates: await socketRatesOverTime(rates),
    rtt: await socketRttOverTime(rates),
    buffers: await bufferFillOverTime(
      await socketBuffers(samples.sender, { ...at.sender, bandwidth }),
      await socketBuffers(samples.receiver, { ...at.receiver, bandwidth }),
    ),
  };
  return new TransferReport(
    pipeline.verdict,
    pipeline.actions,
    pipeline,
    await socketSummary(samples.sender, { ...at.sender, bandwidth }),
    await socketSummary(samples.receiver, { ...at.receiver, bandwidth }),
    await evidenceOf(seen),
    seen,
    [
      ...early,
      ...[outcomes, captured].flatMap(missingOf).map(({ note }) => note),
      ...(unbounded ? ["nothing is captured: without src, dst or port that would be all TCP"] : []),
    ],
    await socketRetransmissions(samples.sender, at.sender),
    samples,
    figures,
  );
}

type End = "sender" | "receiver";
type Samples = Pick<SocketSamplesOptions, "src" | "dst" | "port" | "seconds" | "everyMs">;

/** Samples both ends at the same time; where one fails, the other is ended, and that failure is the reason. */
async function sampleBoth(
  hosts: Record<End, Host>,
  asked: Samples,
  netns: { [end in End]?: string | undefined },
  during: (() => unknown) | undefined,
): Promise<readonly [Table, Table]> {
  const ends = linked(during);
  const failed = new AbortController();
  const sample = (end: End) =>
    socketSamples(hosts[end], {
      signal: failed.signal,
      ...asked,
      ...(netns[end] === undefined ? {} : { netns: netns[end] }),
      ...(during === undefined ? {} : { during: ends[end] }),
    }).catch((error: unknown) => {
      if (!failed.signal.aborted) failed.abort(error);
    });
  const [atSender, atReceiver] = await Promise.all([sample("sender").finally(ends.over), sample("receiver")]);
  if (!atSender || !atReceiver) throw failed.signal.reason;
  return [atSender, atReceiver];
}

async function connectionOf(samples: Table, flow: string): Promise<Connection> {
  const { values } = await samples.sql(
    `SELECT src, src_port, dst, dst_port FROM this WHERE flow = '${flow.replaceAll("'", "''")}' LIMIT 1`,
  );
  const [src, srcPort, dst, dstPort] = (values as Value[][])[0] ?? [];
  return { src: String(src), srcPort: Number(srcPort), dst: String(dst), dstPort: Number(dstPort) };
}

type Captured = Partial<Outcomes<ReturnType<typeof capturesOf>>>;

/** Of all that probes and captures saw, what is of the transfer. */
async function seenOf(
  connection: Connection,
  probes: Partial<Outcomes<ReturnType<typeof probesOf>>>,
  captured: Captured,
): Promise<SeenOfTransfer> {
  const events = probes.retransmissions?.seen;
  const flight = probes.flight?.seen;
  const unread = probes.unread?.seen;
  const own = `SELECT * FROM this WHERE ${isOf(connection)}`;
  return {
    retransmissions: events == null ? null : await events.query(`${own} ORDER BY time_ns`),
    flight: flight == null ? null : await flight.sql(own),
    unread: unread == null ? null : await unread.sql(`SELECT * FROM this WHERE ${isOf(turned(connection))}`),
    captures: { sender: captured.sender?.seen ?? null, receiver: captured.receiver?.seen ?? null },
    wire: await wireOf(connection, captured),
  };
}

/** What the sender's sampling accompanies ends the receiver's, too. */
function linked(during: (() => unknown) | undefined): Record<End, () => unknown> & { over(): void } {
  let over = () => {};
  const ended = new Promise<void>((resolve) => {
    over = resolve;
  });
  const sender = async () => {
    try {
      await during?.();
    } finally {
      over();
    }
  };
  return { sender, receiver: () => ended, over };
}
