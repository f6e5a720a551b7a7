import type { Frame, Table } from "../tables/index.js";
import { rowsOf } from "./rows.js";
import type { Span } from "./time.js";

/** How many rows there are, and the time from the first to the last; null without any time. */
export interface Extent {
  count: number;
  span: Span | null;
}

/** @param where SQL over the source's columns: which rows count. */
export async function extentOf(source: Table | Frame, where = "true"): Promise<Extent> {
  const [[count = 0, first, last] = []] = await rowsOf(
    source,
    `SELECT count(*)::DOUBLE AS rows, min(time_ns) AS first, max(time_ns) AS last FROM this WHERE ${where}`,
  );
  const span = first == null || last == null ? null : { startNs: BigInt(first), endNs: BigInt(last) };
  return { count: Number(count), span };
}
