import { type Column, deriveTable, type Table } from "../../tables/index.js";
import { amount, flow, ratio, word } from "./columns.js";
import { counters, grown } from "./steps.js";

const columns: Column[] = [
  flow,
  word("field", "column of the samples"),
  word("unit", "its unit; a second's share of it for what only grows"),
  word("kind", "value, or growth: of counters, what they grew by per second"),
  amount("known", "samples", "that have it"),
  ...["min", "max", "mean", "std"].map((name) => ratio(name, `${name} of the field`)),
  ratio("cv", "std by mean; null where the mean is 0"),
  ...["p50", "p95", "p99"].map((name) =>
    ratio(name, `${name.slice(1)}th percentile: a value that was sampled`),
  ),
];

/** What tells sockets apart, and times, is no measure. */
const identity = ["sample", "time_ns", "uptime_us", "src_port", "dst_port", "timer_repeats"];

/** Every number of the samples, by connection: in one pass. */
export function statisticsOf(samples: Table, steps: Table): Promise<Table> {
  const measures = samples.schema.filter(
    ({ name, type }) => ["BIGINT", "INTEGER", "DOUBLE"].includes(type) && !identity.includes(name),
  );
  const parts = measures.map(({ name, unit = "" }, place) => {
    const grows = counters.includes(name);
    const v = grows ? `(1e6 * ${grown(name)} / elapsed_us)` : `CAST(${name} AS DOUBLE)`;
    const facts = `'place': ${place}, 'field': '${name}', 'unit': '${grows ? `${unit}/s` : unit}', 'kind': '${grows ? "growth" : "value"}'`;
    return `{${facts}, 'known': count(${v}), 'min': min(${v}), 'max': max(${v}), 'mean': avg(${v}), 'std': stddev_pop(${v}),
      'cv': stddev_pop(${v}) / nullif(avg(${v}), 0), 'p50': quantile_disc(${v}, 0.5), 'p95': quantile_disc(${v}, 0.95), 'p99': quantile_disc(${v}, 0.99)}`;
  });
  return deriveTable("statistics", {
    sources: { steps },
    query: `
      SELECT flow, fact.* FROM (SELECT flow, unnest([${parts.join(", ")}]) AS fact FROM steps GROUP BY flow) ORDER BY flow, fact.place`,
    columns,
    provenance: { ...samples.provenance, source: "socketSummary: statistics" },
  });
}

const related: { [name: string]: string } = {
  goodput: "d_bytes_acked / elapsed_us",
  received: "d_bytes_received / elapsed_us",
  rtt: "rtt_us",
  cwnd: "cwnd_packets",
  "in flight": "in_flight_packets",
  "peer's window": "snd_wnd_bytes",
  pacing: "pacing_bits_per_second",
  retransmissions: "d_retrans_packets",
  "not sent": "notsent_bytes",
  unread: "recv_q_bytes",
};

/** Fewer intervals than these make no correlation. */
const leastIntervals = 10;

/** How two fields of a connection go together. */
export function correlationsOf(samples: Table, steps: Table): Promise<Table> {
  const names = Object.keys(related);
  const pairs = names.flatMap((one, index) => names.slice(index + 1).map((other) => [one, other] as const));
  const text = (name: string) => `'${name.replace("'", "''")}'`;
  const parts = pairs.map(([one, other]) => {
    const [a, b] = [one, other].map((name) => `CAST(${related[name]} AS DOUBLE)`);
    return `{'one': ${text(one)}, 'other': ${text(other)}, 'intervals': count(${a} + ${b}), 'correlation':
      CASE WHEN count(${a} + ${b}) >= ${leastIntervals} AND stddev_pop(${a}) > 0 AND stddev_pop(${b}) > 0 THEN corr(${a}, ${b}) END}`;
  });
  return deriveTable("correlations", {
    sources: { steps },
    query: `
      SELECT flow, pair.* FROM (SELECT flow, unnest([${parts.join(", ")}]) AS pair FROM steps WHERE elapsed_us IS NOT NULL GROUP BY flow)
      WHERE pair.correlation IS NOT NULL AND isfinite(pair.correlation) ORDER BY flow, abs(pair.correlation) DESC, pair.one, pair.other`,
    columns: [
      flow,
      word("one", "a field"),
      word("other", "another one"),
      amount("intervals", "intervals", "in which both are known"),
      ratio("correlation", "Pearson's, -1 to 1: they go together, which is no cause"),
    ],
    provenance: { ...samples.provenance, source: "socketSummary: correlations" },
  });
}
