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
      const each = { csv: inCsv, json: inJson, parquet: undefined }[format];
      const rows = each === undefined ? sql : `SELECT ${columns.map(each).join(", ")} FROM (${sql})`;
      await connection.run(`COPY (${rows}) TO ${literal(partial)} (${copies[format]})`);
    }
  });
}

/** Spreadsheets take such text for a formula, and hosts and captures have a say in it; an apostrophe makes it text. */
function inCsv({ name, type }: Column): string {
  const column = quoted(name);
  if (type !== "VARCHAR") return column;
  return `CASE WHEN regexp_matches(${column}, '^[-=+@\\t\\r\\n]') THEN '''' || ${column} ELSE ${column} END AS ${column}`;
}

/** JSON has no NaN and nothing infinite, which DuckDB would write all the same. */
function inJson({ name, type }: Column): string {
  const column = quoted(name);
  return type === "DOUBLE" ? `CASE WHEN isfinite(${column}) THEN ${column} END AS ${column}` : column;
}
