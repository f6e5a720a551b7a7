import type { Frame, Table, Value } from "../tables/index.js";
import { rowsOf } from "./rows.js";
import { type Thinning, thinned } from "./thin.js";
import { seconds } from "./time.js";

/** A point of a figure over time. */
export interface Point {
  /** Values of the columns that tell series apart. */
  series: Value[];
  /** Seconds since the figure's start. */
  x: number;
  y: number;
  /** How many rows are within its stretch of time; 1 where each row has a point. */
  standsFor: number;
  /** Values of the further columns asked for. */
  beside: Value[];
}

/** The rows of a relation over a source (`this`), thinned as told, as points in order of time. */
export async function pointsOf(
  source: Table | Frame,
  relation: string,
  startNs: bigint,
  thinning: Thinning,
): Promise<Point[]> {
  const rows = await rowsOf(
    source,
    `SELECT * REPLACE (y::DOUBLE AS y) FROM (${thinned(relation, thinning)})`,
  );
  const by = thinning.by.length;
  return rows.map((row) => ({
    series: row.slice(0, by),
    x: seconds(BigInt(row[by] as bigint | number) - startNs),
    y: Number(row[by + 1]),
    standsFor: Number(row[by + 2]),
    beside: row.slice(by + 3),
  }));
}
