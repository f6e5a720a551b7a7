import type { Frame, Table } from "../tables/index.js";
import { rowsOf } from "./rows.js";

/** The width of the bins that rates were counted in, in nanoseconds: what a rate and its bytes say, since a table doesn't. */
export async function binNsOf(source: Table | Frame, count: string, perSecond: string): Promise<bigint> {
  const [[widthNs = null] = []] = await rowsOf(
    source,
    `SELECT round(1e9 * arg_max(${count}, ${count}) / arg_max(${perSecond}, ${count}))::BIGINT FROM this WHERE ${count} > 0`,
  );
  return BigInt((widthNs as bigint | number | null) ?? 1);
}
