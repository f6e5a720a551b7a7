import { z } from "zod";
import { type Column, deriveTable, type Table } from "../../tables/index.js";
import type { CheckedFilter } from "./options.js";

/** What holds a transfer up, in the order in which they are listed. One rule says which it is, for every answer about sockets. */
export const limits = [
  "application",
  "send buffer",
  "receiver window",
  "congestion window",
  "pacing",
  "loss",
  "path",
] as const;
export type Limit = (typeof limits)[number];

/** The column that has the share of a limit. */
export const shareColumn = (limit: Limit) => `${limit.replace(" ", "_")}_share`;

/** Counters of 64 bits: one that is smaller than before is another connection's. */
const totals = [
  "bytes_sent",
  "bytes_retrans",
  "bytes_acked",
  "bytes_received",
  "busy_us",
  "rwnd_limited_us",
  "sndbuf_limited_us",
];
/** Counters of 32 bits, which begin again at 0. */
const wrapping = [
  ...["segs_out", "segs_in", "data_segs_out", "data_segs_in", "delivered_packets", "delivered_ce_packets"],
  ...["retrans_packets", "dsack_dups", "reordering_seen", "rcv_ooo_packets", "rehash", "drops"],
];
/** All that only grow: what they grew by counts, never their mean. */
export const counters: readonly string[] = [...totals, ...wrapping];

/** What a counter grew by since the sample before, in SQL over `steps`. */
export const grown = (counter: string) => `d_${counter}`;

/** In flight, as the kernel holds it against the congestion window. */
const inFlight = `CASE WHEN unacked_packets IS NOT NULL THEN greatest(0, unacked_packets - coalesce(sacked_packets, 0) - coalesce(lost_packets, 0) + coalesce(retrans_out_packets, 0)) END`;
/** So much of the congestion window in use means that it is what holds the sender up; as the kernel's own test, which counts whole segments. */
const fullPart = 0.95;
/** A writer that waits for room in the send buffer is woken when a third of it is free: from here on it waits. */
const blockedPart = 2 / 3;
/** Less than this part sent again, or all of it for nothing, holds nobody up. */
const lossPart = 0.001;
/** Payload acknowledged at such a part of a rate that counts whole frames, in bursts, is that rate. What goes faster goes another way. */
const [reachedPart, exceededPart] = [0.8, 1.25];
/** Whether it has a rate that is set, in SQL. */
export const hasRate = (bitsPerSecond: string) =>
  `${bitsPerSecond} BETWEEN ${reachedPart} * queue_bits_per_second AND ${exceededPart} * queue_bits_per_second`;
/** Acknowledgements come in bursts: the rate at a sample is that of so many intervals before and behind its own, too. */
const nearby = 2;
/** A round trip of twice the shortest, and this much more, waits in a queue. */
const queueUs = 1_000;
/**
 * Packets that the connection has in that queue, on average (Little's law): fewer than one is no queue that its losses come of, but the delay of others, of acknowledgements or of a busy CPU. Of an interval shorter than the
 * round trip it can't be said.
 */
const inQueue = `CASE WHEN elapsed_us >= rtt_us THEN coalesce(d_delivered_packets, d_bytes_acked / mss_bytes) * (rtt_us - min_rtt_us) / elapsed_us END`;

const momentSql = (moment: number | string) =>
  typeof moment === "number"
    ? `(SELECT min(time_ns) FROM samples) + ${Math.round(moment * 1e9)}`
    : `${BigInt(Date.parse(moment)) * 1_000_000n}`;

function chosen({ flow, from, to }: CheckedFilter): string {
  const conditions = [
    ...(flow === undefined
      ? []
      : [
          `flow IN (${[flow]
            .flat()
            .map((name) => `'${name.replaceAll("'", "''")}'`)
            .join(", ")})`,
        ]),
    ...(from === undefined ? [] : [`time_ns >= ${momentSql(from)}`]),
    ...(to === undefined ? [] : [`time_ns <= ${momentSql(to)}`]),
  ];
  return conditions.length === 0 ? "true" : conditions.join(" AND ");
}

const computed = (names: readonly string[], type: Column["type"]): Column[] =>
  names.map((name) => ({ name, type, meaning: name }));

/**
 * The samples that a filter takes, each with `in_flight_packets` and `in_flight_bytes`; with `elapsed_us` since the sample before of
 * the same socket (null for its first), what its counters grew by (`d_...`), and the share of that time that each limit had; the shares add up to 1, or all are null, as they are while a connection is being opened.
 *
 * Busy, held up by the peer's window and held up by the send buffer is what the kernel measured (its chronographs). The rest of the busy time is told apart by the sample at its end: loss
 * where something is taken for lost or was sent again (0.1 % at least, and not for nothing), unless a queue that runs over explains that; where no full segment waits to be sent (less is held back by Nagle's rule) and the window isn't full, the send buffer if it is full (the kernel doesn't notice where all was sent before the writer had to wait), else the application; pacing where a rate
 * that somebody set for the connection is reached (SO_MAX_PACING_RATE; fq's maxrate, as `queue_bits_per_second`); the congestion window where it is full; else the path: its rate, or its queue.
 */
export function stepsOf(samples: Table, filter: CheckedFilter): Promise<Table> {
  return deriveTable("steps", {
    sources: { samples },
    views: viewsOf(filter, shapingOf(samples)),
    query: "SELECT * FROM stepped",
    columns: [
      ...samples.schema,
      ...computed(
        [
          "in_flight_packets",
          "in_flight_bytes",
          "cwnd_before",
          "queue_bits_per_second",
          ...counters.map(grown),
        ],
        "BIGINT",
      ),
      ...computed(["passed_us", "elapsed_us", "busy", ...limits.map(shareColumn)], "DOUBLE"),
      ...computed(["reused", "queued"], "BOOLEAN"),
      ...computed(["queue_rate_by", "limit"], "VARCHAR"),
    ],
    provenance: samples.provenance,
  });
}

/** The lower of both; unknown where one is: least() passes over what is null. */
const lower = (value: string, most: string) =>
  `CASE WHEN (${value}) IS NOT NULL AND (${most}) IS NOT NULL THEN least(${value}, ${most}) END`;

/** The rates that queueing disciplines set for peers, as `socketSamples` has them in `provenance.details.shaping`: what isn't in that shape is not known. */
const Shapings = z.array(
  z.object({
    peer: z.union([z.ipv4(), z.ipv6()]),
    device: z.string().max(15),
    qdisc: z.string().regex(/^[a-z_]{1,16}$/),
    bitsPerSecond: z.int().positive(),
  }),
);
type Shaping = z.output<typeof Shapings>[number];

const shapingOf = ({ provenance }: Table): Shaping[] =>
  Shapings.safeParse(provenance.details.shaping).data ?? [];

const rateBy = ({ qdisc, device }: Shaping) => `'${qdisc} on ${device.replaceAll("'", "''")}'`;

/** fq holds each connection to its rate, others all that leaves by the device; in SQL. */
export const ratePerConnection = "starts_with(queue_rate_by, 'fq ')";

/** A value by peer, in SQL. */
function byPeer(shaping: readonly Shaping[], type: string, of: (one: Shaping) => string): string {
  const cases = shaping.map((one) => `WHEN '${one.peer}' THEN ${of(one)}`).join(" ");
  return cases === "" ? `CAST(NULL AS ${type})` : `CAST(CASE dst ${cases} END AS ${type})`;
}

function viewsOf(filter: CheckedFilter, shaping: readonly Shaping[]): { [name: string]: string } {
  const before = (column: string) => `lag(${column}) OVER socket_steps`;
  return {
    chosen: `
      SELECT *, ${inFlight} AS in_flight_packets, (${inFlight}) * mss_bytes AS in_flight_bytes,
        ${byPeer(shaping, "BIGINT", (one) => String(one.bitsPerSecond))} AS queue_bits_per_second,
        ${byPeer(shaping, "VARCHAR", rateBy)} AS queue_rate_by
      FROM samples WHERE ${chosen(filter)}`,
    since: `
      SELECT *, (time_ns - ${before("time_ns")}) / 1000.0 AS real_us, uptime_us - ${before("uptime_us")} AS up_us,
        ${before("cwnd_packets")} AS cwnd_before, coalesce(starts_with(state, 'SYN-') OR starts_with(${before("state")}, 'SYN-'), false) AS opening,
        ${totals.map((column) => `${column} - ${before(column)} AS raw_${column}`).join(", ")},
        ${wrapping.map((column) => `(${column} - ${before(column)} + 4294967296) % 4294967296 AS raw_${column}`).join(", ")}
      FROM chosen WINDOW socket_steps AS (PARTITION BY flow, socket ORDER BY sample)`,
    // No counter of 32 bits grows by half of its range meanwhile: it went back. Where none of 64 bits is known, that means another connection.
    // A clock that was set in between is told by the uptime, which goes by hundredths of a second.
    timed: `
      SELECT *, least(${totals.map((column) => `coalesce(raw_${column}, 0)`).join(", ")}) < 0
          OR coalesce(${totals.map((column) => `raw_${column}`).join(", ")}) IS NULL AND greatest(${wrapping.map((column) => `coalesce(raw_${column}, 0)`).join(", ")}) >= 2147483648 AS reused,
        CASE WHEN abs(real_us - up_us) > 50000 THEN up_us ELSE real_us END AS passed_us
      FROM since`,
    known: `
      SELECT *, CASE WHEN NOT reused AND passed_us > 0 THEN passed_us END AS elapsed_us,
        ${totals.map((column) => `CASE WHEN NOT reused THEN raw_${column} END AS ${grown(column)}`).join(", ")},
        ${wrapping.map((column) => `CASE WHEN NOT reused AND raw_${column} < 2147483648 THEN raw_${column} END AS ${grown(column)}`).join(", ")}
      FROM timed`,
    measured: `
      SELECT *, CASE WHEN NOT opening THEN ${lower("d_busy_us / elapsed_us", "1")} END AS busy, ${lower("d_sndbuf_limited_us / elapsed_us", "busy")} AS by_sndbuf,
        rtt_us > 2 * min_rtt_us AND rtt_us > min_rtt_us + ${queueUs} AND coalesce(${inQueue} >= 1, true) AS queued
      FROM known`,
    windowed: `
      SELECT *, ${lower("d_rwnd_limited_us / elapsed_us", "busy - by_sndbuf")} AS by_rwnd,
        coalesce(d_retrans_packets < ${lossPart} * d_data_segs_out OR d_retrans_packets <= d_dsack_dups AND d_retrans_packets > 0, false) AS mere,
        sum(d_bytes_acked) OVER nearby * 8e6 / sum(CASE WHEN d_bytes_acked IS NOT NULL THEN elapsed_us END) OVER nearby AS nearby_bits_per_second
      FROM measured WINDOW nearby AS (PARTITION BY flow, socket ORDER BY sample ROWS BETWEEN ${nearby} PRECEDING AND ${nearby} FOLLOWING)`,
    reasoned: `
      SELECT *, CASE WHEN busy IS NOT NULL THEN greatest(0, busy - by_sndbuf - by_rwnd) END AS rest,
        CASE WHEN (lost_packets > 0 OR retrans_out_packets > 0 OR backoff > 0) AND NOT mere THEN CASE WHEN queued THEN 'path' ELSE 'loss' END
          WHEN notsent_bytes < mss_bytes AND in_flight_packets < ${fullPart} * cwnd_packets THEN
            CASE WHEN wmem_queued_bytes >= ${blockedPart} * sndbuf_bytes THEN 'send buffer' ELSE 'application' END
          WHEN d_retrans_packets > 0 AND NOT mere AND NOT coalesce(queued, false) THEN 'loss'
          WHEN pacing_bits_per_second >= ${fullPart} * max_pacing_bits_per_second THEN 'pacing'
          WHEN ${ratePerConnection} AND ${hasRate("nearby_bits_per_second")} THEN 'pacing'
          WHEN in_flight_packets >= ${fullPart} * cwnd_packets AND NOT coalesce(queued, false) THEN 'congestion window'
          ELSE 'path' END AS rest_limit
      FROM windowed`,
    shared: `
      SELECT *, 1 - busy + ${restOf("application")} AS application_share, by_sndbuf + ${restOf("send buffer")} AS send_buffer_share, by_rwnd AS receiver_window_share,
        ${(["congestion window", "pacing", "loss", "path"] as const).map((limit) => `${restOf(limit)} AS ${shareColumn(limit)}`).join(", ")}
      FROM reasoned`,
    stepped: `SELECT *, ${largest("{column}")} AS "limit" FROM shared`,
  };
}

const restOf = (limit: Limit) =>
  `CASE WHEN rest IS NULL THEN NULL WHEN rest_limit = '${limit}' THEN rest ELSE 0 END`;

/** The limit with the largest share; the first of equals. @param column a share's column, as `{column}`. */
export function largest(column: string): string {
  const of = (limit: Limit) => column.replace("{column}", shareColumn(limit));
  const most = `greatest(${limits.map(of).join(", ")})`;
  return `CASE ${limits.map((limit) => `WHEN ${of(limit)} = ${most} THEN '${limit}'`).join(" ")} END`;
}

/** So many samples, or more, so far apart, or further, tell of shares of time. */
export const enough = { samples: 5, apartMs: 40 };

/** Whether the samples of a connection are too few, or too close to each other, to prove shares of time; in SQL over groups of `steps`. */
export const fewSql = `(count(*) < ${enough.samples} OR coalesce(quantile_disc(elapsed_us, 0.5) < ${enough.apartMs * 1000}, false))`;

/** Shares of a stretch of time: of `steps`, weighted by how long each was. */
export const sharesSql = limits
  .map(
    (limit) =>
      `sum(${shareColumn(limit)} * elapsed_us) / sum(elapsed_us) FILTER (${shareColumn(limit)} IS NOT NULL) AS ${shareColumn(limit)}`,
  )
  .join(", ");
