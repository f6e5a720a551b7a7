import type { Table } from "../../tables/index.js";
import { extentOf } from "../extent.js";
import { rowsOf } from "../rows.js";
import { counted } from "../text.js";
import { approximately, type Span, seconds } from "../time.js";

/** Where a connection is silent so many times longer than it speaks, the view ends after its last data. */
const silence = 2;

/** The part of the time axis that is shown at first, and the fact that it isn't the whole; neither where it is. */
export async function shownAtFirst(
  segments: Table,
  { startNs, endNs }: Span,
): Promise<{ range?: [number, number]; facts: string[] }> {
  const [[last] = []] = await rowsOf(
    segments,
    "SELECT max(time_ns) AS last FROM this WHERE payload_bytes > 0 OR zero_window",
  );
  const spokenNs = BigInt((last as bigint | number | null) ?? startNs) - startNs;
  const wholeNs = endNs - startNs;
  if (spokenNs === 0n || wholeNs < BigInt(1 + silence) * spokenNs) return { facts: [] };
  const viewNs = (spokenNs * 115n) / 100n;
  const { count } = await extentOf(segments, `time_ns > ${startNs + viewNs}`);
  const until = approximately(Number(wholeNs));
  return {
    range: [-seconds(viewNs) / 30, seconds(viewNs)],
    facts: [`the view ends after the last data: ${counted(count, "packet")} later, until ${until}`],
  };
}
