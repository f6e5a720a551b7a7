import { bundleOf, jupyterDisplay, type MimeBundle } from "../../cell/index.js";
import { evaluate, type Findings, type ThresholdsOf } from "../../findings/index.js";
import type { Frame, Table } from "../../tables/index.js";
import { flow, word } from "./columns.js";
import { type BandwidthOptions, checkedBandwidth, checkSamples } from "./options.js";
import { socketRules } from "./rules/index.js";
import { correlationsOf, statisticsOf } from "./statistics.js";
import { fewSql } from "./steps.js";
import { SocketSubject } from "./subject.js";

/** Ids of the rules that {@link socketSummary} has. */
export type SocketRule = keyof typeof socketRules;

/** What {@link socketSummary} looks at. */
export interface SocketSummaryOptions extends BandwidthOptions {
  /** Thresholds in place of the rules' own: `{ SOCKET_RESENT: { percent: 0.1 } }`. A finding shows the ones it was held against. */
  thresholds?: ThresholdsOf<typeof socketRules>;
  /** Only these rules. Default: all. */
  only?: SocketRule[];
}

/** What samples of sockets say, by connection. */
export class SocketSummary {
  constructor(
    /** One row per connection, the busiest first: its limit, shares of time, rates, windows, losses, buffers. */
    readonly connections: Frame,
    /** Of every number in the samples, by connection: min, max, mean, std, cv, p50, p95, p99; of counters, what they grew by per second. */
    readonly statistics: Table,
    /** Which fields go together, by connection: from 10 intervals on. */
    readonly correlations: Table,
    /** What is wrong, with evidence and what to do. */
    readonly findings: Findings,
  ) {}

  async [jupyterDisplay](): Promise<MimeBundle> {
    const parts = await Promise.all([this.findings, this.connections].map(bundleOf));
    const of = (kind: string) => parts.map((part) => String(part[kind] ?? ""));
    return { "text/html": of("text/html").join("\n"), "text/plain": of("text/plain").join("\n\n") };
  }
}

/**
 * Says what held each connection up, from samples of its sockets: shares of time by limit, rates, windows, round trips, losses, buffers, all numbers' statistics, and what is
 * wrong with advice. What limits a transfer its *sender's* samples say; {@link socketPipeline} has both ends, by the same rule.
 *
 * BDP, optimal congestion window and utilization need `bandwidth`, which is never guessed: without it they are null. The round trip of a pure receiver is as old as its last data: compare it with nothing.
 * A share is told from the kernel's own measure of busy time, so the time between samples doesn't blur it; see {@link socketWindows}.
 *
 * @param samples as `socketSamples` or `openSocketSamples` return them.
 * @param options.bandwidth what the path can carry, with its unit: `"25 Gbit/s"`. Default: unknown.
 * @param options.flow, options.from, options.to which connections, and when.
 * @returns `connections` (`flow`, `limit`, `limit_share`, `second_limit`, seven shares, rates, `bdp_bytes`, `utilization`, ...), `statistics` and `correlations` (Tables), and `findings`. In a cell it shows findings and connections.
 * @throws SkbookError `BAD_PARAMETER`.
 * @example await socketSummary(samples, { bandwidth: "10 Gbit/s" })
 */
export async function socketSummary(
  samples: Table,
  options: SocketSummaryOptions = {},
): Promise<SocketSummary> {
  const { thresholds = {}, only, ...rest } = options;
  checkSamples("socketSummary", samples);
  const { filter, bandwidth } = checkedBandwidth("socketSummary", rest);
  const subject = new SocketSubject(samples, filter, bandwidth);
  const findings = await evaluate({
    name: "socketSummary",
    subject,
    rules: socketRules,
    choice: { thresholds: thresholds as Record<string, Record<string, number>>, only },
    doubts: () => doubtsOf(subject),
  });
  const connections = await subject.connections();
  return new SocketSummary(
    await connections.toFrame(),
    await statisticsOf(samples, await subject.steps()),
    await correlationsOf(samples, await subject.steps()),
    findings,
  );
}

/** Shares of time rest on samples: too few, or with holes, they prove nothing. */
function doubtsOf(subject: SocketSubject): Promise<Table> {
  return subject.table(
    "doubts",
    `SELECT flow, 'SOCKET_SAMPLES_FEW' AS doubt FROM steps GROUP BY flow HAVING ${fewSql}`,
    [flow, word("doubt", "id of the finding that explains it")],
  );
}
