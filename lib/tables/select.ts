import type { DuckDBConnection, DuckDBPreparedStatement } from "@duckdb/node-api";
import { callSignal, interrupted } from "../cell/index.js";
import { isFull, reasonOf, SkbookError, writeFailure } from "../errors/index.js";
import { type Column, type ColumnType, quoted, resultColumn } from "./column.js";

/** A checked SELECT whose result has only the types that columns can have. */
export interface Selection {
  sql: string;
  columns: Column[];
}

/** Checks a user's query and says what its result looks like. */
export async function checkedSelect(
  connection: DuckDBConnection,
  query: string,
  source: readonly Column[],
): Promise<Selection> {
  return explained(query, async () => {
    const { StatementType } = await import("@duckdb/node-api");
    const statements = query.trim() === "" ? undefined : await connection.extractStatements(query);
    const statement = statements?.count === 1 ? await statements.prepare(0) : undefined;
    if (statement?.statementType !== StatementType.SELECT) throw new Error("the query must be one SELECT");
    return normalized(connection, query, await resultTypes(statement), source);
  });
}

/** Runs work on a query, with DuckDB's own message in the error, and ends it when the cell is interrupted. */
export async function explained<T>(
  query: string,
  work: () => Promise<T>,
  connection?: DuckDBConnection,
): Promise<T> {
  const signal = callSignal();
  const stop = () => connection?.interrupt();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await work();
  } catch (error) {
    if (signal?.aborted) throw interrupted(`run the query: ${query}`);
    if (error instanceof SkbookError) throw error;
    if (isFull(error))
      throw writeFailure({ code: "WRITE_FAILED", path: "what a query keeps on disk", todo: "" }, error);
    throw new SkbookError({
      code: "SQL_FAILED",
      tried: `run the query: ${query.trim()}`,
      failed: reasonOf(error),
      todo: "correct the query (DuckDB's SQL; `this` is the table; its columns are in `.columns`, their units and meanings in `.schema`)",
      cause: error,
    });
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

async function resultTypes(statement: DuckDBPreparedStatement): Promise<ResultType[]> {
  const { DuckDBTypeId: id } = await import("@duckdb/node-api");
  const types: Partial<Record<number, ColumnType>> = {
    [id.BOOLEAN]: "BOOLEAN",
    [id.TINYINT]: "INTEGER",
    [id.SMALLINT]: "INTEGER",
    [id.INTEGER]: "INTEGER",
    [id.UTINYINT]: "INTEGER",
    [id.USMALLINT]: "INTEGER",
    [id.UINTEGER]: "BIGINT",
    [id.BIGINT]: "BIGINT",
    [id.HUGEINT]: "BIGINT",
    [id.UBIGINT]: "UBIGINT",
    [id.UHUGEINT]: "UBIGINT",
    [id.FLOAT]: "DOUBLE",
    [id.DOUBLE]: "DOUBLE",
    [id.DECIMAL]: "DOUBLE",
  };
  const nested: number[] = [id.LIST, id.STRUCT, id.MAP, id.ARRAY, id.UNION];
  return Array.from({ length: statement.columnCount }, (_, index) => {
    const type = statement.columnTypeId(index);
    return { type: types[type] ?? "VARCHAR", json: nested.includes(type) };
  });
}

interface ResultType {
  type: ColumnType;
  /** Lists and structs become JSON text. */
  json: boolean;
}

/** The query becomes a view, so that a final semicolon or comment, or two columns of one name, do no harm. */
async function normalized(
  connection: DuckDBConnection,
  query: string,
  types: ResultType[],
  source: readonly Column[],
): Promise<Selection> {
  await connection.run(`CREATE TEMP VIEW skbook_result AS ${query}`);
  const described = await connection.run("DESCRIBE skbook_result");
  const names = (await described.getRows()).map(([name]) => String(name));
  const casts = names.map((name, index) => {
    const { type, json } = types[index] as ResultType;
    return `CAST(${json ? `to_json(${quoted(name)})` : quoted(name)} AS ${type}) AS ${quoted(name)}`;
  });
  return {
    sql: `SELECT ${casts.join(", ")} FROM skbook_result`,
    columns: names.map((name, index) => resultColumn(name, (types[index] as ResultType).type, source)),
  };
}
