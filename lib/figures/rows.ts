import type { Frame, Table, Value } from "../tables/index.js";

/** The rows that a query over `this` answers, as arrays in the order of its columns. */
export async function rowsOf(source: Table | Frame, query: string): Promise<Value[][]> {
  const frame = await source.sql(query);
  return frame.values as Value[][];
}
