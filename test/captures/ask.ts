import type { Frame, Table } from "../../lib/tables/index.js";

type Source = Table | Frame | Promise<Table | Frame>;

/** All rows of a query. */
export async function rowsOf(source: Source, query: string): Promise<unknown[][]> {
  return (await (await source).sql(query)).values as unknown[][];
}

/** The first row of a query. */
export async function ask(source: Source, query: string): Promise<unknown[]> {
  return (await rowsOf(source, query))[0] as unknown[];
}
