import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { type SkbookError, writeFailure } from "../errors/index.js";
import { definitions, RowAppender } from "./appender.js";
import { type Column, literal, quoted, type Value } from "./column.js";
import { newTableName, openConnection, withConnection } from "./database.js";
import { coded, Dictionary } from "./dictionary.js";
import { held } from "./held.js";
import type { Provenance } from "./provenance.js";
import { Table } from "./table.js";
import { ColumnBuffer } from "./vector.js";

/**
 * How files are written that only skbook reads: deltas of integers take two thirds of the room, and less time; nothing is looked up by the
 * filters that DuckDB writes by default.
 */
export const keptFormat = "FORMAT parquet, PARQUET_VERSION V2, COMPRESSION zstd, WRITE_BLOOM_FILTER false";

/** Rows of a file, which is one row group: while it is written, they and those of the next are in memory. */
const partRows = 40_960;

/** Writes columns into Parquet files of one folder; memory stays bounded however many rows there are. */
export class ParquetWriter {
  private readonly paths: string[] = [];
  private readonly buffers: readonly ColumnBuffer[];
  private readonly texts: readonly boolean[];
  private dictionary = new Dictionary();
  private rows = 0;
  private writing: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly folder: string,
    private readonly columns: readonly Column[],
    private readonly name: string,
    private readonly connection: DuckDBConnection,
  ) {
    this.buffers = columns.map((column) => new ColumnBuffer(coded(column)));
    this.texts = columns.map(({ type }) => type === "VARCHAR");
  }

  /** @param name what the files are called, before their number. */
  static async open(folder: string, columns: readonly Column[], name: string): Promise<ParquetWriter> {
    return new ParquetWriter(folder, columns, name, await openConnection());
  }

  /** Adds rows, column by column. */
  appendColumns(values: readonly (readonly Value[])[]): void {
    const rows = values[0]?.length ?? 0;
    for (let row = 0; row < rows; row++) {
      for (let index = 0; index < values.length; index++) {
        const value = values[index]?.[row] ?? null;
        if (value !== null) this.put(index, value);
      }
      this.endRow();
    }
  }

  /** Puts a value into the row that is being added; what isn't put is null. */
  put(index: number, value: Exclude<Value, null>): void {
    const buffer = this.buffers[index] as ColumnBuffer;
    buffer.set(this.rows, this.texts[index] ? this.dictionary.codeOf(String(value)) : value);
  }

  /** Ends the row that was put. */
  endRow(): void {
    this.rows += 1;
  }

  /** To be awaited now and then: writes what has come together, while more is appended. */
  async settle(): Promise<void> {
    if (this.rows >= partRows) await this.write();
  }

  /** Ends the writing. Returns the files, of which there is one even without rows. */
  async finish(): Promise<string[]> {
    if (this.rows > 0 || this.paths.length === 0) await this.write();
    await this.writing;
    await this.close();
    return this.paths;
  }

  /** Ends the writing; what the folder holds by now is the caller's to remove. */
  async close(): Promise<void> {
    await this.writing.catch(() => {});
    this.connection.closeSync();
  }

  private async write(): Promise<void> {
    await this.writing;
    const path = join(this.folder, `${this.name}-${String(this.paths.length).padStart(4, "0")}.parquet`);
    this.paths.push(path);
    const { dictionary } = this;
    const { table, there } = await this.handOver();
    this.dictionary = new Dictionary();
    this.writing = withConnection(async (connection) => {
      const words = newTableName("words");
      const rows = await dictionary.decoded(connection, table, this.columns, there, words);
      await connection.run(`COPY (${rows}) TO ${literal(path)} (${keptFormat})`).catch((error) => {
        throw notWritten(this.folder, error);
      });
      await connection.run(`DROP TABLE ${quoted(table)}`);
      await connection.run(`DROP TABLE ${quoted(words)}`);
    });
    this.writing.catch(() => {});
  }

  /** Hands the rows over to DuckDB as a table of those columns that aren't null in all of them: of a capture most are. */
  private async handOver(): Promise<{ table: string; there: readonly Column[] }> {
    const { connection, columns, buffers, rows } = this;
    const table = newTableName("part");
    const some = buffers.flatMap(({ values }, index) => (values > 0 || index === 0 ? [index] : []));
    const there = some.map((index) => coded(columns[index] as Column));
    await connection.run(`CREATE TABLE ${quoted(table)} (${definitions(there)})`);
    const appender = await RowAppender.open(connection, table, there);
    appender.appendBuffers(
      some.map((index) => buffers[index] as ColumnBuffer),
      rows,
    );
    appender.close();
    for (const buffer of buffers) buffer.clear();
    this.rows = 0;
    return { table, there };
  }
}

function notWritten(folder: string, error: unknown): SkbookError {
  const todo =
    "let it be written to: XDG_CACHE_HOME and TMPDIR say where, some 50 bytes per packet of a capture";
  return writeFailure({ code: "WRITE_FAILED", path: folder, todo }, error);
}

/** A Table over Parquet files. They are held, so that it stays whole when they are removed. */
export async function openParquet(
  name: string,
  paths: readonly string[],
  columns: readonly Column[],
  provenance: Provenance,
): Promise<Table> {
  const table = newTableName(name);
  const files = paths.map((path) => literal(held(path)));
  await withConnection((connection) =>
    connection.run(`CREATE VIEW ${quoted(table)} AS FROM read_parquet([${files.join(", ")}])`),
  );
  return new Table(table, columns, provenance);
}
