import {
  type BacklogSummaryParameters,
  backlogSummary,
  type Frame,
  futexSummary,
  type Host,
  offCpuSummary,
  type PathSummaryParameters,
  pathSummary,
  type QdiscLatencySummaryParameters,
  qdiscLatencySummary,
  runQueueSummary,
  type StageSummaryParameters,
  softirqSummary,
  stageSummary,
  upcallSummary,
  wakeupSummary,
} from "../../../lib/index.js";
import { rowsOf } from "../layers.js";
import { patience } from "../sightings.js";
import type { Spread, Watch } from "./fault.js";

type Row = Readonly<Record<string, unknown>>;

/** The rows of a Frame with percentiles as bounds, each by what `label` makes of it; null leaves one out. */
export function spreadsOf(frame: Frame, label: (row: Row) => string | null, count = "count"): Spread[] {
  return rowsOf(frame).flatMap((row) => {
    const name = label(row);
    if (name === null || row.p50_low_ns === null || !(Number(row[count]) > 0)) return [];
    return [
      {
        label: name,
        count: Number(row[count]),
        p50: [Number(row.p50_low_ns), Number(row.p50_high_ns)],
        p90: [Number(row.p90_low_ns), Number(row.p90_high_ns)],
        p99: [Number(row.p99_low_ns), Number(row.p99_high_ns)],
      },
    ];
  });
}

/** A probe whose books are empty unless it loses something. */
function watch(
  probe: string,
  ask: (
    host: Host,
    given: { during: () => unknown; seconds: number; attachSeconds: number },
  ) => Promise<Frame>,
  label: (row: Row) => string | null,
): Watch {
  return {
    probe,
    async watch(host, during) {
      const summary = await ask(host, { ...patience, during });
      return { spreads: spreadsOf(summary, label), lost: summary.provenance.lost, odd: [] };
    },
  };
}

/** Books of which a fault that loses nothing leaves nothing. */
const empty = [
  ...(["lost", "unfinished", "strayed", "cut", "abandoned", "translated", "repeated"] as const),
  ...(["unexpected", "unfollowed", "fragments", "negative"] as const),
];

/** Stages between both ends of the host. `but` names what of the books doesn't have to be empty. */
export function stages(asked: StageSummaryParameters, but: readonly string[] = []): Watch {
  return {
    probe: "stageSummary",
    async watch(host, during) {
      const summary = await stageSummary(host, { ...asked, ...patience, timeoutMs: 10_000, during });
      const [total = {}, ...others] = rowsOf(summary);
      const odd = empty.filter((name) => !but.includes(name) && Number(total[name]) !== 0);
      const where = (name: string) => others.filter((row) => Number(row[name]) > 0).map(({ pair }) => pair);
      return {
        spreads: spreadsOf(summary, ({ pair }) => String(pair)),
        lost: summary.provenance.lost,
        odd: odd.map((name) => [total[name], name, ...where(name)].join(" ")),
      };
    },
  };
}

/** Ways through the host. */
export function paths(asked: PathSummaryParameters): Watch {
  return {
    probe: "pathSummary",
    async watch(host, during) {
      const summary = await pathSummary(host, { ...asked, ...patience, timeoutMs: 10_000, during });
      return {
        spreads: spreadsOf(summary, ({ leg }) => String(leg), "measured"),
        lost: summary.provenance.lost,
        odd: [],
      };
    },
  };
}

export const queues = (asked: QdiscLatencySummaryParameters): Watch =>
  watch(
    "qdiscLatencySummary",
    (host, given) => qdiscLatencySummary(host, { ...asked, ...given, by: ["qdisc"] }),
    ({ qdisc, interval }) => `${qdisc} ${interval}`,
  );

export const backlogs = (asked: BacklogSummaryParameters): Watch =>
  watch(
    "backlogSummary",
    (host, given) => backlogSummary(host, { ...asked, ...given, by: ["device"] }),
    ({ device, interval }) => `${device} ${interval}`,
  );

export const upcalls = (device: string): Watch =>
  watch(
    "upcallSummary",
    (host, given) => upcallSummary(host, { ...given, device, protocol: "UDP", by: ["device"] }),
    ({ interval }) => String(interval),
  );

export const softirqs = (vector: "NET_RX"): Watch =>
  watch(
    "softirqSummary",
    (host, given) => softirqSummary(host, { ...given, vectors: vector, by: ["cpu"] }),
    ({ cpu, interval }) => `CPU ${cpu} ${interval}`,
  );

export const wakeups = (command: string): Watch =>
  watch(
    "wakeupSummary",
    (host, given) => wakeupSummary(host, { ...given, command, by: ["command"] }),
    ({ interval }) => String(interval),
  );

export const runQueues = (command: string): Watch =>
  watch(
    "runQueueSummary",
    (host, given) => runQueueSummary(host, { ...given, command, by: ["command"] }),
    ({ interval }) => String(interval),
  );

export const offCpu = (command: string): Watch =>
  watch(
    "offCpuSummary",
    (host, given) => offCpuSummary(host, { ...given, command, by: ["state"] }),
    ({ state, interval }) => `${state} ${interval}`,
  );

export const futexes = (command: string): Watch =>
  watch(
    "futexSummary",
    (host, given) => futexSummary(host, { ...given, by: ["command", "operation"] }),
    (row) => (row.command === command ? String(row.operation) : null),
  );
