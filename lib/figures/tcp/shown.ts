import type { Table } from "../../tables/index.js";
import { rowsOf } from "../rows.js";
import { counted } from "../text.js";
import { type Span, seconds } from "../time.js";

/** Where a connection is silent longer than it speaks, the view ends after its last data. */
const silence = 2;

/** The part of the time axis that is shown at first, and the fact that it isn't the whole; neither where it is. */
export async function shownAtFirst(
  segments: Table,
  { startNs, endNs }: Span,
): Promise<{ range?: [number, number]; facts: string[] }> {
  const [[last, later = 0] = []] = await rowsOf(
    segments,
    `SELECT last, (SELECT count(*) FROM this WHERE time_ns > last + ${(endNs - startNs) / 100n})::DOUBLE AS later
    FROM (SELECT max(time_ns) AS last FROM this WHERE payload_bytes > 0)`,
  );
  const end = seconds(BigInt((last as bigint | number | null) ?? startNs) - startNs);
  const whole = seconds(endNs - startNs);
  if (end === 0 || whole < (1 + silence) * end) return { facts: [] };
  return {
    range: [-0.04 * end, 1.15 * end],
    facts: [
      `the view ends after the last data: ${counted(Number(later), "packet")} later, until ${Number(whole.toPrecision(3))} s`,
    ],
  };
}
