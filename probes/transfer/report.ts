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
import { bundleOf, jupyterDisplay, type MimeBundle } from "../../lib/cell/index.js";
import {
  bufferFillOverTime,
  type Figure,
  limitsOverTime,
  socketRatesOverTime,
  socketRttOverTime,
  socketWindowsOverTime,
} from "../../lib/figures/index.js";
import type { Host } from "../../lib/hosts/index.js";
import { badParameters } from "../../lib/parameters/index.js";
import { socketSamples } from "../../lib/sockets/index.js";
import type { Frame, Table } from "../../lib/tables/index.js";

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
  /** Called once the sender's first sample is there: say, the transfer itself. Called in a replay too. */
  during?: () => unknown;
}

const name = z.string().min(1).optional();
const Options = z.strictObject({
  src: name,
  dst: name,
  port: z.int().min(1).max(65_535).optional(),
  bandwidth: z.string().nullish(),
  seconds: z.number().min(1).max(3_600).default(10),
  everyMs: z.int().min(100).max(60_000).multipleOf(10).default(200),
  netns: z.strictObject({ sender: name, receiver: name }).default({}),
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
    return String(this.pipeline);
  }

  async [jupyterDisplay](): Promise<MimeBundle> {
    const { limits, windows, buffers } = this.figures;
    const parts = await Promise.all(
      [this.pipeline, this.sender.findings, limits, windows, buffers].map(bundleOf),
    );
    const html = parts.map((part) => String(part["text/html"] ?? ""));
    return { "text/html": html.join("\n"), "text/plain": this.toString() };
  }
}

/**
 * Says why a transfer is as fast as it is, and what to do: samples the sockets of both ends at the same time, finds the connection, and puts {@link socketPipeline}, the
 * {@link socketSummary} of each end and their figures together. The first thing to run where a transfer is slow.
 *
 * Nothing is attached or changed on either host. One connection has to have carried data from the sender to the receiver meanwhile: narrow it by `dst` and `port` (of its client, too) where there are several; those with less than 1 % of the largest one's data don't count.
 *
 * @param sender the host that sends.
 * @param receiver the host that receives; the same one, with `netns`, where both ends are on it.
 * @param flow which transfer, and for how long.
 * @returns `verdict`, `next`, `pipeline`, `sender`, `receiver`, `retransmissions`, `samples` and `figures` (`limits`, `windows`, `rates`, `rtt`, `buffers`). In a cell it shows the pipeline, the sender's findings and figures.
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
  const { bandwidth = null, netns, during, src, dst, port, seconds, everyMs } = parsed.data;
  const asked = {
    ...{ seconds, everyMs },
    ...(src === undefined ? {} : { src }),
    ...(dst === undefined ? {} : { dst }),
    ...(port === undefined ? {} : { port }),
  };
  const ends = linked(during);
  const failed = new AbortController();
  const sample = (host: Host, end: End) =>
    socketSamples(host, {
      signal: failed.signal,
      ...asked,
      ...(netns[end] === undefined ? {} : { netns: netns[end] }),
      ...(during === undefined ? {} : { during: ends[end] }),
    }).catch((error: unknown) => {
      // The other end has nothing to wait for; the reason is the first failure, not what came of ending the other.
      if (!failed.signal.aborted) failed.abort(error);
    });
  const [atSender, atReceiver] = await Promise.all([
    sample(sender, "sender").finally(ends.over),
    sample(receiver, "receiver"),
  ]);
  if (!atSender || !atReceiver) throw failed.signal.reason;
  const samples = { sender: atSender, receiver: atReceiver };
  const pipeline = await socketPipeline(samples.sender, samples.receiver, { bandwidth });
  const [own, peer] = pipeline.flow.split(" → ");
  const at = { sender: { flow: pipeline.flow }, receiver: { flow: `${peer} → ${own}` } };
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
    await socketRetransmissions(samples.sender, at.sender),
    samples,
    figures,
  );
}

type End = "sender" | "receiver";

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
