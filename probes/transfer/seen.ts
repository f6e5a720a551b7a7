import { tcpHealth } from "../../lib/analyses/index.js";
import type { Capture } from "../../lib/captures/index.js";
import { type Frame, type Table, together, type Value, warningsOf } from "../../lib/tables/index.js";
import type { Outcome } from "../beside.js";

/** One connection, as its sender has it. */
export interface Connection {
  src: string;
  srcPort: number;
  dst: string;
  dstPort: number;
}

/** What probes and captures saw of the transfer; null where one could not look. */
export interface SeenOfTransfer {
  /** What the sender sent again, one row each, as {@link tcpEvents} has it. */
  readonly retransmissions: Table | null;
  /** What it had in flight, and the windows that allowed it, by each segment that came in: as {@link tcpFlightSummary} has it. */
  readonly flight: Frame | null;
  /** How long data lay unread at the receiver, and how long behind a hole: as {@link readLatencySummary} has it. */
  readonly unread: Frame | null;
  /** The first seconds of it on the wire of each end, headers alone. */
  readonly captures: { readonly sender: Capture | null; readonly receiver: Capture | null };
  /** Of each capture, the transfer by direction, as {@link tcpHealth} has it, behind a column `end`; null without a capture of it. */
  readonly wire: Frame | null;
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** Rows of a connection, in SQL, of what has the end's own address as `src`. */
export const isOf = ({ src, srcPort, dst, dstPort }: Connection) =>
  `src = ${quoted(src)} AND src_port = ${srcPort} AND dst = ${quoted(dst)} AND dst_port = ${dstPort}`;

/** The same connection as its receiver has it. */
export const turned = ({ src, srcPort, dst, dstPort }: Connection): Connection => ({
  ...{ src: dst, srcPort: dstPort, dst: src, dstPort: srcPort },
});

/** What tshark makes of the transfer at each end where it was captured. */
export async function wireOf(
  of: Connection,
  captures: { readonly [end in "sender" | "receiver"]?: Outcome<Capture> },
): Promise<Frame | null> {
  const isFrom = (one: Connection) =>
    `client = ${quoted(one.src)} AND client_port = ${one.srcPort} AND server = ${quoted(one.dst)} AND server_port = ${one.dstPort}`;
  const ends: [string, Frame][] = [];
  for (const end of ["sender", "receiver"] as const) {
    const seen = captures[end]?.seen ?? null;
    if (seen === null) continue;
    const health = await tcpHealth(seen);
    const own = await health.sql(
      `SELECT * FROM this WHERE ${isFrom(of)} OR ${isFrom(turned(of))} ORDER BY start_ns, sender`,
    );
    if (own.values.length > 0) ends.push([end, own]);
  }
  return ends.length === 0 ? null : ((await together("end", "where it was captured", ends, [])) as Frame);
}

const rowsOf = (frame: Frame) =>
  (frame.values as Value[][]).map((row) =>
    Object.fromEntries(frame.columns.map((name, at) => [name, row[at] ?? null])),
  );

/** What probes say beside the verdict, in sentences. */
export async function evidenceOf({ retransmissions, unread, flight }: SeenOfTransfer): Promise<string[]> {
  const again =
    retransmissions === null
      ? []
      : rowsOf(
          await retransmissions.sql(
            "SELECT coalesce(cause, 'an unknown cause') AS cause, CAST(sum(coalesce(segments, 1)) AS BIGINT) AS segments FROM this GROUP BY 1 ORDER BY 2 DESC",
          ),
        );
  const all = again.reduce((sum, { segments }) => sum + Number(segments), 0);
  const causes = again.map(({ cause, segments }) => `${segments} by ${cause}`).join(", ");
  const doubts = retransmissions === null ? [] : warningsOf(retransmissions.provenance, "event");
  const doubted = doubts.length === 0 ? "" : ` (${doubts.join("; ")})`;
  const waits = (unread === null ? [] : rowsOf(unread)).map((row) => {
    if (row.interval === "discarded") return "at the receiver data lay unread when the socket was closed";
    if (row.interval === "open") return "at the receiver data lay unread at the end";
    const times = `${between(row, "p50", "ns")} in the middle, ${between(row, "max", "ns")} at most`;
    const reader = row.process === null ? "the reader" : `process ${row.process}`;
    return row.interval === "hole"
      ? `at the receiver data waited behind a hole for ${times}, until ${reader} read it (${row.count} times)`
      : `at the receiver ${reader} read on ${times}, after data had come (${row.count} times); what it leaves unread then waits longer`;
  });
  const flown = (flight === null ? [] : rowsOf(flight))
    .filter(({ quantity, count }) => quantity !== "cwnd" && Number(count) > 0)
    .map(
      (row) =>
        `${row.quantity === "in_flight" ? "in flight" : "the peer's window"}: ${between(row, "p50", "")} in the middle`,
    );
  return [
    ...(retransmissions === null
      ? []
      : [
          all === 0
            ? `the sender ${doubts.length === 0 ? "sent nothing again" : "was not seen to send anything again"}${doubted}`
            : `the sender sent ${doubts.length === 0 ? "" : "at least "}${all} segments again: ${causes}${doubted}`,
        ]),
    ...(flown.length === 0 ? [] : [`at the sender, ${flown.join("; ")}`]),
    ...waits,
  ];
}

/** "7.3 to 8.4 ms", "12.3 to 14.3 kB", "8.4 ms": a percentile between its bounds. */
function between(row: { [name: string]: Value }, which: string, unit: "ns" | ""): string {
  const suffix = unit === "" ? "" : `_${unit}`;
  const [low, high] = ["low", "high"].map((bound) => Number(row[`${which}_${bound}${suffix}`])) as [
    number,
    number,
  ];
  const steps = unit === "ns" ? ["ns", "µs", "ms", "s"] : ["bytes", "kB", "MB", "GB"];
  const place = Math.max(0, Math.min(3, Math.floor(Math.log10(Math.max(1, high)) / 3)));
  const [from, to] = [low, high].map((value) => Number((value / 1_000 ** place).toPrecision(2)));
  return `${from === to ? "" : `${from} to `}${to} ${steps[place]}`;
}
