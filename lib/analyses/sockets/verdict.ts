import { createFrame, deriveFrame, type Frame, type Provenance, type Value } from "../../tables/index.js";
import { ratio, word } from "./columns.js";
import { actionColumns } from "./points.js";
import { type Limit, limits, shareColumn } from "./steps.js";
import { percent, type SocketSubject, setRate, size, speed } from "./subject.js";

/** What holds a transfer up, in a sentence. */
export function verdictOf(flow: string, facts: { [name: string]: Value }, slow: boolean): string {
  const limit = facts.limit as Limit | null;
  if (limit === null) {
    return `${flow}: what holds it up is unknown: the sender's kernel or ss doesn't tell (4.10), or there are less than two samples`;
  }
  const share = percent(facts[shareColumn(limit)]);
  const window = facts.snd_wnd_bytes === null ? "" : `, a window of at most ${size(facts.snd_wnd_bytes)}`;
  const doubt =
    facts.few === true
      ? ` (${facts.samples} samples are too few, or too close, to be sure: better 10 or more, 100 ms apart)`
      : "";
  const why: Record<Limit, string> = {
    application: "its sending application gave nothing more to send",
    "send buffer": `its send buffer (${size(facts.sndbuf_bytes)}) was full of what is in flight`,
    "receiver window": slow
      ? `its receiving application read too slowly (${size(facts.recv_q_bytes)} unread on average in a buffer of ${size(facts.rcvbuf_bytes)})`
      : `its receiver's window allowed no more (receive buffer of ${size(facts.rcvbuf_bytes)}${window}${facts.window_scaling === false ? ", window scaling is off" : ""})`,
    "congestion window": "its congestion window was full",
    pacing: `its sender's own limit of ${setRate(facts)} was reached`,
    loss: `what was lost was being sent again (${facts.resent_percent === null ? "an unknown part" : `${Number(facts.resent_percent).toPrecision(2)} %`} of its payload)`,
    path: pathWords(facts),
  };
  return `${flow}: at ${speed(facts.acked_bits_per_second)}, for ${share} of the time ${why[limit]}${doubt}`;
}

/** A queueing discipline of the sender's own host is known, or not, to be what the path carries no more by. */
function pathWords({
  queue_rate_by,
  queue_bits_per_second,
  queue_reached,
  acked_bits_per_second,
}: {
  [name: string]: Value;
}): string {
  const queue = `${queue_rate_by}: ${speed(queue_bits_per_second)}`;
  if (queue_reached === true) return `its sender's own queueing discipline carried no more (${queue})`;
  const neither = "the path carried no more, and neither end held it up";
  return queue_rate_by !== null && Number(acked_bits_per_second) < Number(queue_bits_per_second)
    ? `${neither}, unless other connections have the rest of what its sender's queueing discipline lets out (${queue})`
    : neither;
}

const urgency = ["CRITICAL", "HIGH", "INFO"];

/** The primary point first, then by severity. */
export function actionsOf(frame: Frame, provenance: Provenance): Frame {
  const rows = (frame.values as Value[][]).filter(
    ([, , , , , severity, role, , , action]) => action !== null && (severity !== null || role !== null),
  );
  const rank = ([, , , , , severity, role]: Value[]) =>
    (role === "primary" ? 0 : role === "secondary" ? 10 : 20) +
    (severity === null ? 9 : urgency.indexOf(String(severity)));
  const sorted = [...rows].sort((a, b) => rank(a) - rank(b));
  return createFrame(
    actionColumns,
    sorted.map(([side, , point, , , , , , , action], index) => [
      index + 1,
      side as Value,
      point as Value,
      action as Value,
    ]),
    provenance,
  );
}

/** What the receiver was like while the sender was limited: by the sample of it that is nearest in time, within half an interval. */
export async function matrixOf(
  own: SocketSubject,
  peer: SocketSubject,
  provenance: Provenance,
): Promise<Frame> {
  const shares = limits.map((limit) => ratio(shareColumn(limit), limit));
  const time = { name: "time_ns", type: "BIGINT" as const, meaning: "time" };
  const steps = await own.table(
    "sender steps",
    `SELECT time_ns, elapsed_us, ${limits.map(shareColumn).join(", ")} FROM steps WHERE elapsed_us IS NOT NULL AND busy IS NOT NULL`,
    [time, ratio("elapsed_us", "elapsed"), ...shares],
  );
  const states = await peer.table(
    "receiver states",
    `SELECT time_ns, CASE WHEN recv_q_bytes >= 0.25 * rcvbuf_bytes THEN 'data unread' WHEN rmem_bytes >= 0.7 * rcvbuf_bytes THEN 'buffer full' ELSE 'room' END AS state
     FROM steps WHERE time_ns IS NOT NULL`,
    [time, word("state", "state")],
  );
  const sum = limits.map(
    (limit) =>
      `SELECT '${limit}' AS "limit", ${limits.indexOf(limit)} AS place, state, sum(${shareColumn(limit)} * elapsed_us) AS us FROM beside GROUP BY state`,
  );
  return deriveFrame({
    sources: { steps, states },
    views: {
      near: `SELECT steps.*, states.state, abs(steps.time_ns - states.time_ns) AS apart_ns FROM steps ASOF JOIN states ON steps.time_ns + CAST(steps.elapsed_us * 500 AS BIGINT) >= states.time_ns`,
      beside:
        "SELECT * REPLACE (CASE WHEN apart_ns <= 500 * elapsed_us THEN state ELSE 'no sample' END AS state) FROM near",
      cells: sum.join(" UNION ALL "),
    },
    query: `
      SELECT "limit", coalesce(sum(us) FILTER (state = 'room'), 0) / total AS room, coalesce(sum(us) FILTER (state = 'buffer full'), 0) / total AS buffer_full,
        coalesce(sum(us) FILTER (state = 'data unread'), 0) / total AS data_unread, coalesce(sum(us) FILTER (state = 'no sample'), 0) / total AS no_sample
      FROM cells, (SELECT sum(us) AS total FROM cells) GROUP BY "limit", place, total ORDER BY place`,
    columns: [
      word("limit", "what limited the sender"),
      ratio("room", "share of the time while the receive buffer had room"),
      ratio("buffer_full", "while it was full (above 0.7) of what had been read, or was out of order"),
      ratio("data_unread", "while a quarter of it or more lay unread"),
      ratio("no_sample", "while the receiver has no sample near enough"),
    ],
    provenance,
  });
}
