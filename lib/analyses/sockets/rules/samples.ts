import { type Rules, rule } from "../../../findings/index.js";
import { amount, flow, ratio } from "../columns.js";
import { enough } from "../steps.js";
import type { SocketSubject } from "../subject.js";

const columns = [
  flow,
  amount("samples", "samples", "of the connection"),
  amount("missing", "samples", "that are not there between its first and its last"),
  ratio("missing_percent", "of those that should be", "%"),
  amount("backwards", "samples", "in which time or a counter went back"),
  amount("unknown", "intervals", "without what limits it: the kernel (4.10) or ss doesn't tell"),
  amount("interval_us", "µs", "median time between two"),
];

const perFlow = (subject: SocketSubject) =>
  subject.table(
    "consistency",
    `SELECT flow, count(*) AS samples, max(sample) - min(sample) + 1 - count(DISTINCT sample) AS missing,
       100.0 * (max(sample) - min(sample) + 1 - count(DISTINCT sample)) / (max(sample) - min(sample) + 1) AS missing_percent,
       count(*) FILTER (reused OR passed_us <= 0) AS backwards, count(*) FILTER (elapsed_us IS NOT NULL AND busy IS NULL) AS unknown,
       quantile_disc(elapsed_us, 0.5) AS interval_us
     FROM steps GROUP BY flow ORDER BY flow`,
    columns,
  );
const shows = columns.map(({ name }) => name);
const verify = (row: { readonly [column: string]: unknown }) =>
  `await samples.sql(${JSON.stringify(
    `SELECT sample, time_ns, uptime_us, bytes_acked, busy_us FROM this WHERE flow = '${String(row.flow).replaceAll("'", "''")}'`,
  )})`;

/** Whether samples fit together: the other verdicts rest on it. */
export const sampleRules = {
  SOCKET_SAMPLES_MISSING: rule({
    title: "samples are missing",
    category: "capture",
    thresholds: { percent: { value: 10, unit: "%", meaning: "above so many of them" } },
    of: perFlow,
    grades: ({ percent }) => [["INFO", `missing_percent > ${percent}`]],
    shows,
    measure: "missing_percent",
    doubts: [],
    says: (row) => `${row.flow}: ${row.missing} samples are not there`,
    causes: [
      "ss took longer than the time between two: too many sockets",
      "the connection was in another state meanwhile",
    ],
    advice: ["ask for fewer sockets (dst, port), or less often (everyMs)"],
    verify,
  }),
  SOCKET_SAMPLES_FEW: rule({
    title: "there are too few samples, or too close ones",
    category: "capture",
    thresholds: {
      least: { value: enough.samples, unit: "samples", meaning: "fewer tell nothing of shares of time" },
      intervalMs: {
        value: enough.apartMs,
        unit: "ms",
        meaning: "closer ones are within the ticks of the kernel's clock (10 at 250 Hz)",
      },
    },
    of: perFlow,
    grades: ({ least, intervalMs }) => [
      ["INFO", `samples < ${least} OR interval_us < ${intervalMs * 1_000}`],
    ],
    shows,
    measure: "samples",
    doubts: [],
    says: (row) => `${row.flow}: ${row.samples} samples, ${row.interval_us ?? "no"} µs apart`,
    causes: ["the connection was short, or the sampling was"],
    advice: ["sample for longer: 10 samples at least, 100 ms apart or more"],
    verify,
  }),
  SOCKET_SAMPLES_BACK: rule({
    title: "time or counters go back",
    category: "capture",
    thresholds: {},
    of: perFlow,
    grades: () => [["LOW", "backwards > 0"]],
    shows,
    measure: "backwards",
    doubts: [],
    says: (row) => `${row.flow}: ${row.backwards} times; those intervals are left out`,
    causes: [
      "another connection took the ports (sample with ss -e, whose cookie tells them apart)",
      "files in the wrong order",
      "the clock was set",
    ],
    advice: ["give the files in their order; sample with `ss -tinmoe`"],
    verify,
  }),
  SOCKET_LIMITS_UNKNOWN: rule({
    title: "the samples don't say what limits",
    category: "capture",
    thresholds: {},
    of: perFlow,
    grades: () => [["INFO", "unknown > 0"]],
    shows,
    measure: "unknown",
    doubts: [],
    says: (row) => `${row.flow}: of ${row.unknown} intervals it isn't known what held it up`,
    causes: [
      "the kernel is older than 4.10, ss older than 4.10, or ss ran without -i",
      "the connection was being opened",
    ],
    advice: [
      "sample with a newer ss (`ss -tinmoe`); tell openSocketSamples the versions of kernel and ss where they are new enough",
    ],
    verify,
  }),
} satisfies Rules<SocketSubject>;
