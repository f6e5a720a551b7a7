import { bundleOf, jupyterDisplay, type MimeBundle } from "../../cell/index.js";
import { evaluate, type Findings, type Rules, rule } from "../../findings/index.js";
import {
  deriveFrame,
  deriveTable,
  type Frame,
  type Provenance,
  type Table,
  type Value,
} from "../../tables/index.js";
import { flow as flowColumn, ratio, word } from "./columns.js";
import { connectionColumns, queueReached } from "./connections.js";
import { chooseOne, momentsOfReceiver, noPeer, peersOf } from "./ends.js";
import { type BandwidthOptions, checkedBandwidth, checkSamples } from "./options.js";
import { placeOf, pointColumns, points, slowReaderSql } from "./points.js";
import { fewSql, type Limit, limits, shareColumn } from "./steps.js";
import { SocketSubject } from "./subject.js";
import { actionsOf, matrixOf, verdictOf } from "./verdict.js";

/** What {@link socketPipeline} is asked. */
export interface SocketPipelineOptions extends BandwidthOptions {
  /** The connection, as the *sender's* column `flow` has it. Default: the only one that carried data from the sender to the receiver; those with less than 1 % of the largest one's data don't count. */
  flow?: string;
}

/** What holds one transfer up, at both ends. */
export class SocketPipeline {
  constructor(
    /** The connection, as the sender names it. */
    readonly flow: string,
    /** The limit with the largest share of the time, by the rule of {@link socketSummary}; null: unknown. */
    readonly limit: Limit | null,
    /** Where that is: a side and a point; null: unknown. */
    readonly primary: string | null,
    /** The same of the next largest share, from 5 % on; null: none. */
    readonly secondary: string | null,
    /** All of it in a sentence, with its evidence. */
    readonly verdict: string,
    /** Six points of the sender and four of the receiver, in the direction of the data. */
    readonly points: Frame,
    /** What to do, the most pressing first. */
    readonly actions: Frame,
    /** Shares of the time: by what limited the sender, and what the receiver's socket was like meanwhile. */
    readonly matrix: Frame,
    /** Points that hold the transfer up, as findings with evidence. */
    readonly findings: Findings,
  ) {}

  /** Excellent, good, fair, poor or critical, as {@link Findings} has it. */
  get health(): Findings["health"] {
    return this.findings.health;
  }

  /** The points as rows of text, with their pressure as bars. */
  get picture(): string {
    const rows = this.points.values as Value[][];
    const line = ([side, number, point, pressure, , severity, role]: Value[]) => {
      const part =
        pressure === null || pressure === undefined ? null : Math.max(0, Math.min(1, Number(pressure)));
      const bar = part === null ? "?".padEnd(20) : "#".repeat(Math.round(20 * part)).padEnd(20, ".");
      const marks = [severity, role].filter((mark) => mark !== null).join(", ");
      return `${String(side).padEnd(8)} ${number} ${String(point).padEnd(18)} [${bar}] ${part === null ? "  - " : part.toFixed(2)}${marks === "" ? "" : `  ${marks}`}`;
    };
    return rows.map(line).join("\n");
  }

  toString(): string {
    return `${this.verdict}\n\n${this.picture}`;
  }

  async [jupyterDisplay](): Promise<MimeBundle> {
    const parts = await Promise.all([this.findings, this.points, this.actions].map(bundleOf));
    const html = parts.map((part) => String(part["text/html"] ?? ""));
    const escaped = this.verdict.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    return { "text/html": [`<p><b>${escaped}</b></p>`, ...html].join("\n"), "text/plain": this.toString() };
  }
}

/**
 * Says where a transfer is held up, from samples of its sender and of its receiver: six points from the sending application to the path, four from the arrival to the reading application,
 * each with its pressure; which of them is the bottleneck, by the same rule as {@link socketSummary}; and what to do. Where the receiver's window is what holds the sender up, the receiver's own
 * samples tell a slow reader (data lies unread) from a small buffer.
 *
 * The two clocks are not held against each other, but for `matrix`, which takes the receiver's sample that is nearest within half an interval, and for a note where the samplings didn't overlap. Round trips
 * are the sender's: those of a receiver that sends nothing are as old as its last data.
 *
 * @param sender samples of the end that sends.
 * @param receiver samples of the other end, of the same time: `onAll([a, b], (host) => socketSamples(host, options))`.
 * @param options.bandwidth what the path can carry, with its unit: `"25 Gbit/s"`. Default: unknown.
 * @param options.flow the connection, as the sender's samples name it. Default: the only one that carried data, those with less than 1 % of the largest one's left out.
 * @param options.from, options.to when: seconds since the sender's first sample, for both ends, or times of ISO 8601. By the clocks of the hosts.
 * @returns `verdict`, `limit`, `primary`, `secondary`, `points`, `actions`, `matrix`, `findings`, `health` and `picture` (text). In a cell it shows the verdict, findings, points and actions.
 * @throws SkbookError `BAD_PARAMETER`, also where several connections carried data, or none did; `NO_SUCH_PEER` where the receiver has no socket of that connection.
 * @example const pipeline = await socketPipeline(samplesA, samplesB, { bandwidth: "10 Gbit/s" });
 * pipeline.verdict
 */
export async function socketPipeline(
  sender: Table,
  receiver: Table,
  options: SocketPipelineOptions = {},
): Promise<SocketPipeline> {
  checkSamples("socketPipeline", sender, "sender");
  checkSamples("socketPipeline", receiver, "receiver");
  const { filter, bandwidth } = checkedBandwidth("socketPipeline", options);
  const { flow: _, ...moments } = filter;
  const atSender = new SocketSubject(sender, filter, bandwidth);
  const one = await chooseOne(await atSender.connections(), options.flow);
  const own = new SocketSubject(sender, { ...moments, flow: one.flow }, bandwidth);
  const atReceiver = await momentsOfReceiver(sender, receiver, moments);
  const peer = new SocketSubject(receiver, { ...atReceiver, flow: one.peer }, bandwidth);
  const [sent, got] = [await moreOf(own), await moreOf(peer)];
  if ((await got.count()) === 0) throw noPeer(one, await peersOf(receiver));
  const provenance = bothOf(sender.provenance, receiver.provenance);
  const answer = await deriveFrame({
    sources: { sent, got },
    query: `SELECT sent."limit", sent.second_limit, ${slowReaderSql} AS slow, ${limits.map((limit) => `sent.${shareColumn(limit)}`).join(", ")},
      sent.acked_bits_per_second, sent.sndbuf_bytes, sent.snd_wnd_bytes, got.rcvbuf_bytes, got.recv_q_bytes, sent.resent_percent, sent.max_pacing_bits_per_second, sent.queue_bits_per_second, sent.queue_rate_by, sent.queue_reached, sent.min_rtt_us, got.window_scaling, sent.few, sent.samples
      FROM sent, got LIMIT 1`,
    columns: [
      ...["limit", "second_limit"].map((name) => word(name, name)),
      { name: "slow", type: "BOOLEAN", meaning: "the reader is slow" },
      ...limits.map((limit) => ratio(shareColumn(limit), limit)),
      ...[
        "acked_bits_per_second",
        "sndbuf_bytes",
        "snd_wnd_bytes",
        "rcvbuf_bytes",
        "recv_q_bytes",
        "resent_percent",
      ].map((name) => ratio(name, name)),
      ...["max_pacing_bits_per_second", "queue_bits_per_second"].map((name) => ratio(name, name)),
      word("queue_rate_by", "queueing discipline"),
      { name: "queue_reached", type: "BOOLEAN", meaning: "its rate is reached" },
      ratio("min_rtt_us", "min_rtt_us"),
      { name: "window_scaling", type: "BOOLEAN", meaning: "window scaling" },
      { name: "few", type: "BOOLEAN", meaning: "too few samples" },
      { name: "samples", type: "BIGINT", meaning: "samples" },
    ],
    provenance,
  });
  const facts = Object.fromEntries(
    answer.schema.map(({ name }, at) => [name, (answer.values as Value[][])[0]?.[at] ?? null]),
  );
  const [limit, second] = [facts.limit as Limit | null, facts.second_limit as Limit | null];
  const slow = facts.slow === true;
  const [primary, secondary] = [limit, second].map((name) => (name === null ? null : placeOf(name, slow)));
  const isPlace = (place: ReturnType<typeof placeOf> | null | undefined) =>
    place == null ? "false" : `(side = '${place.side}' AND point = '${place.name}')`;
  const table = await deriveTable("points", {
    sources: { sent, got },
    views: {
      pair: `SELECT sent, got, ${slowReaderSql} AS slow FROM sent, got LIMIT 1`,
      listed: points
        .map(
          (point, place) => `
            SELECT ${place} AS place, '${point.side}' AS side, ${point.number} AS number, '${point.name}' AS point, ${point.pressure} AS pressure, ${point.share} AS share,
              CASE WHEN (${point.critical} OR ${point.warning}) AND ${point.side === "sender" ? "sent" : "got"}.few THEN 'INFO' WHEN ${point.critical} THEN 'CRITICAL' WHEN ${point.warning} THEN 'HIGH' WHEN ${point.info} THEN 'INFO' END AS severity,
              ${point.evidence} AS evidence, '${point.diagnosis.replaceAll("'", "''")}' AS diagnosis, '${point.action.replaceAll("'", "''")}' AS action FROM pair`,
        )
        .join(" UNION ALL "),
    },
    query: `
      SELECT * REPLACE (CASE WHEN severity IS NOT NULL OR role IS NOT NULL THEN diagnosis END AS diagnosis, CASE WHEN severity IS NOT NULL OR role IS NOT NULL THEN action END AS action,
          CASE WHEN pressure IS NOT NULL THEN least(1.0, greatest(0.0, pressure)) END AS pressure) FROM (
        SELECT *, CASE WHEN ${isPlace(primary)} THEN 'primary' WHEN ${isPlace(secondary)} THEN 'secondary' END AS role FROM listed)
      ORDER BY place`,
    columns: pointColumns,
    provenance,
  });
  const findings = await evaluate({
    name: "socketPipeline",
    subject: table,
    rules: pointRules,
    choice: { thresholds: {}, only: undefined },
    doubts: () =>
      deriveTable("doubts", {
        sources: {},
        query: "SELECT NULL AS flow, NULL AS doubt WHERE false",
        columns: [flowColumn, word("doubt", "id")],
        provenance,
      }),
  });
  const frame = await table.toFrame();
  return new SocketPipeline(
    one.flow,
    limit,
    primary == null ? null : `${primary.side}: ${primary.name}`,
    secondary == null ? null : `${secondary.side}: ${secondary.name}`,
    verdictOf(one.flow, facts, slow),
    frame,
    actionsOf(frame, provenance),
    await matrixOf(own, peer, provenance),
    findings,
  );
}

/** One rule for each point, which is found where it says something. */
const pointRules: Rules<Table> = Object.fromEntries(
  points.map(({ side, number, name, diagnosis, action }) => [
    `PIPELINE_${side.toUpperCase()}_${number}_${name.toUpperCase().replaceAll(" ", "_")}`,
    rule({
      title: `${side}: ${name}`,
      category: "performance",
      thresholds: {},
      of: async (table: Table) =>
        table.query(
          `SELECT * RENAME (severity AS grade) FROM this WHERE side = '${side}' AND number = ${number}`,
        ),
      grades: () => [
        ["CRITICAL", "grade = 'CRITICAL'"],
        ["HIGH", "grade = 'HIGH'"],
        ["INFO", "grade = 'INFO'"],
      ],
      shows: ["side", "point", "pressure", "share", "role", "evidence"],
      measure: "pressure",
      doubts: [],
      says: (row) => `${diagnosis}: ${row.evidence}`,
      causes: [],
      advice: [action],
      verify: () => `await ${side === "sender" ? "socketWindows(sender)" : "socketBuffers(receiver)"}`,
    }),
  ]),
);

/** The connection's row with what only the pipeline needs. */
function moreOf(subject: SocketSubject): Promise<Table> {
  return subject.table(
    "connection",
    `SELECT connections.*, ${queueReached} AS queue_reached, waiting_part, disorder_part, unread_part, few FROM connections JOIN (
       SELECT flow, socket, avg(notsent_bytes / nullif(notsent_bytes + in_flight_bytes, 0)) AS waiting_part,
         sum(d_rcv_ooo_packets) / nullif(sum(d_data_segs_in), 0) AS disorder_part, avg(CAST(recv_q_bytes > 0 AS INTEGER)) AS unread_part, ${fewSql} AS few
       FROM steps GROUP BY flow, socket) AS more ON connections.flow = more.flow AND connections.socket IS NOT DISTINCT FROM more.socket
     ORDER BY greatest(coalesce(acked_bytes, 0), coalesce(received_bytes, 0)) DESC, connections.socket LIMIT 1`,
    [
      ...connectionColumns,
      {
        name: "queue_reached",
        type: "BOOLEAN",
        meaning: "it has the rate of its host's queueing discipline",
      },
      ratio("waiting_part", "not sent yet, of what is not acknowledged"),
      ratio("disorder_part", "packets out of order of those with data"),
      ratio("unread_part", "samples with unread data"),
      {
        name: "few",
        type: "BOOLEAN",
        meaning: "too few samples, or too close ones, to prove shares of time",
      },
    ],
  );
}

function bothOf(sender: Provenance, receiver: Provenance): Provenance {
  const lost = [sender.lost, receiver.lost];
  const apart =
    sender.startedAt !== null &&
    receiver.endedAt !== null &&
    receiver.startedAt !== null &&
    sender.endedAt !== null &&
    (sender.startedAt > receiver.endedAt || receiver.startedAt > sender.endedAt);
  return {
    ...sender,
    source: "socketPipeline",
    host: sender.host === receiver.host ? sender.host : null,
    lost: lost.includes("unknown") ? "unknown" : Number(lost[0]) + Number(lost[1]),
    truncated: sender.truncated || receiver.truncated,
    partial: sender.partial || receiver.partial,
    notes: [
      ...(apart ? ["The two ends were not sampled at the same time, or their clocks are far apart"] : []),
      ...sender.notes.map((note) => `sender: ${note}`),
      ...receiver.notes.map((note) => `receiver: ${note}`),
    ],
    details: { sender: sender.recordingId, receiver: receiver.recordingId },
  };
}
