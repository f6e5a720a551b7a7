import type { DuckDBConnection } from "@duckdb/node-api";
import { SkbookError } from "../errors/index.js";
import type { Value } from "./column.js";
import { explained, type Selection } from "./select.js";

/** Rows that a Frame takes unless the caller asks for more: danfojs keeps every value as a JavaScript object. */
export const frameLimit = 100_000;

/** Reads a selection into memory, and fails above the limit before it has read much more. */
export async function readRows(
  connection: DuckDBConnection,
  query: string,
  selection: Selection,
  limit: number,
): Promise<Value[][]> {
  return explained(
    query,
    async () => {
      const rows: Value[][] = [];
      const result = await connection.stream(selection.sql);
      for await (const chunk of result) {
        for (const row of chunk.getRows()) rows.push(row as Value[]);
        if (rows.length > limit) throw tooLarge(query, limit, await countRows(connection, selection));
      }
      return rows;
    },
    connection,
  );
}

export async function countRows(connection: DuckDBConnection, selection: { sql: string }): Promise<number> {
  const result = await connection.run(`SELECT count(*) FROM (${selection.sql})`);
  const [row] = await result.getRows();
  return Number(row?.[0]);
}

function tooLarge(query: string, limit: number, count: number): SkbookError {
  return new SkbookError({
    code: "FRAME_TOO_LARGE",
    tried: `make a Frame of: ${query.trim()}`,
    failed: `it has ${count.toLocaleString("en-US")} rows, more than ${limit.toLocaleString("en-US")}`,
    todo: "aggregate or filter in SQL (GROUP BY, WHERE, LIMIT), keep it a Table with query(), or call toFrame({limit})",
    details: { count, limit },
  });
}
