import { definitions, RowAppender } from "./appender.js";
import { type Column, quoted, type Value } from "./column.js";
import { newTableName, openConnection } from "./database.js";
import type { Provenance } from "./provenance.js";
import { inMemory, Table } from "./table.js";

/** Fills a new Table row by row; memory stays bounded however many rows there are. */
export interface TableWriter {
  /** Adds rows, their values in the order of the columns. Integers may be numbers or bigints. */
  append(rows: readonly (readonly Value[])[]): void;
  /** Adds rows column by column: up to 2048 values each. */
  appendColumns(columns: readonly (readonly Value[])[]): void;
  /** Ends the writing; the Table is complete. */
  finish(provenance: Provenance): Promise<Table>;
  /** Ends the writing and drops what was written. */
  discard(): Promise<void>;
}

/** Makes an empty Table to be filled. */
export async function createTable(name: string, columns: readonly Column[]): Promise<TableWriter> {
  const connection = await openConnection();
  const table = newTableName(name);
  await connection.run(`CREATE TABLE ${quoted(table)} (${definitions(columns)})`);
  const rows = await RowAppender.open(connection, table, columns);
  return {
    append: (added) => rows.append(added),
    appendColumns: (added) => rows.appendColumns(added),
    async finish(provenance) {
      rows.close();
      connection.closeSync();
      return inMemory(new Table(table, [...columns], provenance));
    },
    async discard() {
      rows.close();
      await connection.run(`DROP TABLE ${quoted(table)}`);
      connection.closeSync();
    },
  };
}
