import type { DuckDBConnection } from "@duckdb/node-api";
import { type Column, literal, quoted } from "../column.js";
import { writeWhole } from "../whole-file.js";
import { writeArrow } from "./arrow.js";

/** A file format that rows can be written in. */
export type FileFormat = "csv" | "json" | "parquet" | "arrow";

/** How a file is written. */
export interface FileOptions {
  /** Replace a file that is there. Default false. */
  overwrite?: boolean;
}

/** What DuckDB is told of a format; null is an empty field in CSV. */
const copies: Record<Exclude<FileFormat, "arrow">, string> = {
  csv: "FORMAT csv, HEADER",
  json: "FORMAT json, ARRAY true",
  parquet: "FORMAT parquet, COMPRESSION zstd",
};

/**
 * Writes what a SELECT gives into a file, whole or not at all.
 *
 * @throws SkbookError `FILE_EXISTS` unless `overwrite`, `WRITE_FAILED`.
 */
export async function writeRows(
  connection: DuckDBConnection,
  { sql, columns }: { sql: string; columns: readonly Column[] },
  format: FileFormat,
  path: string,
  { overwrite = false }: FileOptions = {},
): Promise<void> {
  await writeWhole(path, overwrite, async (partial) => {
    if (format === "arrow") await writeArrow(connection, sql, columns, partial);
    else {
      const rows = format === "json" ? `SELECT ${columns.map(inJson).join(", ")} FROM (${sql})` : sql;
      await connection.run(`COPY (${rows}) TO ${literal(partial)} (${copies[format]})`);
    }
  });
}

/** JSON has no NaN and nothing infinite, which DuckDB would write all the same. */
function inJson({ name, type }: Column): string {
  const column = quoted(name);
  return type === "DOUBLE" ? `CASE WHEN isfinite(${column}) THEN ${column} END AS ${column}` : column;
}
