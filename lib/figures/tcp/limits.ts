import { rowsOf } from "../rows.js";
import { grouped, percent } from "../text.js";
import { approximately } from "../time.js";
import type { Side } from "./direction.js";
import type { View } from "./marks.js";

/** A sender with this much of the window in flight can send no more than the window lets it. */
const filled = 0.95;
/** From this share of data packets, or of time, on, the window is what limits. */
const limiting = 0.3;
/** Below this share it hardly matters. */
const rare = 0.01;

/**
 * Segments of a connection, and at each of them the bytes in flight (sent by the side, not yet acknowledged by the other) and the window
 * that the other had announced before.
 */
export function flyingSql(side: Side): string {
  return `
    WITH owned AS (SELECT *, sender = '${side}' AS own FROM this),
    seen AS (
      SELECT *, greatest(0, max(tcp_seq_end) FILTER (own) OVER past - max(tcp_ack) FILTER (NOT own) OVER past) AS flying_bytes,
        last_value(CASE WHEN NOT own THEN window_bytes END IGNORE NULLS)
          OVER (ORDER BY frame ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS allowed_bytes
      FROM owned WHERE own OR kind <> 'rst' WINDOW past AS (ORDER BY frame ROWS UNBOUNDED PRECEDING)
    )`;
}

/** How far the other side's window held the data of a side back. */
interface Limits {
  /** Data packets whose window and bytes in flight are known. */
  known: number;
  /** Of those, after which at least 95 % of the window was in flight. */
  filling: number;
  /** How long the window was zero, and the time from the first packet to the last. */
  closedNs: number;
  wholeNs: number;
}

export async function limitsOf({ segments, seen }: View): Promise<Limits> {
  const [[known, filling, closedNs, wholeNs] = []] = await rowsOf(
    segments,
    `${seen}, turns AS (
      SELECT time_ns, zero_window, lead(time_ns, 1, (SELECT max(time_ns) FROM seen)) OVER (ORDER BY frame) AS until_ns
      FROM seen WHERE NOT own
    ), data AS (
      SELECT flying_bytes >= ${filled} * allowed_bytes AS filling FROM seen
      WHERE own AND payload_bytes > 0 AND flying_bytes IS NOT NULL AND allowed_bytes IS NOT NULL
    )
    SELECT (SELECT count(*) FROM data)::DOUBLE, (SELECT count(*) FILTER (filling) FROM data)::DOUBLE,
      (SELECT coalesce(sum(until_ns - time_ns), 0) FROM turns WHERE zero_window)::DOUBLE,
      (SELECT max(time_ns) - min(time_ns) FROM seen)::DOUBLE`,
  );
  return {
    known: Number(known ?? 0),
    filling: Number(filling ?? 0),
    closedNs: Number(closedNs ?? 0),
    wholeNs: Number(wholeNs ?? 0),
  };
}

/** What that says of the sender, as facts. */
export function limitFacts({ known, filling, closedNs, wholeNs }: Limits): string[] {
  const closed =
    closedNs === 0
      ? []
      : [`zero window for ${approximately(closedNs)} (${percent(closedNs, wholeNs)} of the time)`];
  if (known === 0) return closed;
  const share = `${grouped(filling)} of ${grouped(known)} data packets (${percent(filling, known)}) fill the receive window`;
  const limits = filling >= limiting * known || closedNs >= limiting * wholeNs;
  const atTimes =
    filling >= rare * known || closedNs >= rare * wholeNs
      ? "the receiver limits the sender at times"
      : "the receiver doesn't limit the sender";
  return [...closed, share, limits ? "the receiver limits the sender" : atTimes];
}
