import type { DuckDBAppender, DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api";
import { type Column, quoted, type Value } from "./column.js";
import { type Bindings, chunkRows, VectorFiller } from "./vector.js";

/** The columns as CREATE TABLE has them. */
export function definitions(columns: readonly Column[]): string {
  return columns.map((column) => `${quoted(column.name)} ${column.type}`).join(", ");
}

/** Appends to a table in chunks, which is some ten times as fast as value by value. */
export class RowAppender {
  private readonly filler: VectorFiller;

  private constructor(
    private readonly bindings: Bindings,
    private readonly appender: DuckDBAppender,
    private readonly chunk: DuckDBDataChunk,
    private readonly columns: readonly Column[],
  ) {
    this.filler = new VectorFiller(bindings);
  }

  static async open(
    connection: DuckDBConnection,
    table: string,
    columns: readonly Column[],
  ): Promise<RowAppender> {
    const duckdb = await import("@duckdb/node-api");
    const { default: bindings } = await import("@duckdb/node-bindings");
    const types = columns.map((column) => duckdb[column.type]);
    const chunk = duckdb.DuckDBDataChunk.create(types);
    return new RowAppender(bindings, await connection.createAppender(table), chunk, columns);
  }

  append(rows: readonly (readonly Value[])[]): void {
    for (let start = 0; start < rows.length; start += chunkRows) {
      const part = rows.slice(start, start + chunkRows);
      this.appendColumns(this.columns.map((_, index) => part.map((row) => row[index] ?? null)));
    }
  }

  appendColumns(values: readonly (readonly Value[])[]): void {
    const rows = values[0]?.length ?? 0;
    if (rows === 0) return;
    this.chunk.reset();
    this.chunk.rowCount = rows;
    for (const [index, column] of this.columns.entries()) {
      const vector = this.bindings.data_chunk_get_vector(this.chunk.chunk, index);
      this.filler.fill(vector, column, values[index] as readonly Value[]);
    }
    this.appender.appendDataChunk(this.chunk);
  }

  close(): void {
    this.appender.closeSync();
  }
}
