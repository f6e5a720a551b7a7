import type { DuckDBConnection } from "@duckdb/node-api";
import { RowAppender } from "./appender.js";
import { type Column, quoted } from "./column.js";

/** Stands where a text will be: its place in the dictionary, from 1. */
export function coded(column: Column): Column {
  return column.type === "VARCHAR" ? { ...column, type: "INTEGER" } : column;
}

/**
 * Texts by number. Captures say the same few texts in every packet, and handing a text over to DuckDB takes ten times as long as a number:
 * so numbers go in, and DuckDB puts the texts in their place when it writes them out.
 */
export class Dictionary {
  private readonly codes = new Map<string, number>();

  codeOf(text: string): number {
    let code = this.codes.get(text);
    if (code === undefined) {
      code = this.codes.size + 1;
      this.codes.set(text, code);
    }
    return code;
  }

  /**
   * A SELECT of the rows of `table`, whose texts are codes, with their texts; `words` becomes a table of the connection. A column that the table
   * lacks is null.
   */
  async decoded(
    connection: DuckDBConnection,
    table: string,
    columns: readonly Column[],
    there: readonly Column[],
    words: string,
  ): Promise<string> {
    const column: Column = { name: "word", type: "VARCHAR", meaning: "a text; its row says its code" };
    await connection.run(`CREATE TABLE ${quoted(words)} (word VARCHAR)`);
    const appender = await RowAppender.open(connection, words, [column]);
    appender.append([...this.codes.keys()].map((word) => [word]));
    appender.close();
    const names = new Set(there.map(({ name }) => name));
    const values = columns.map(({ name, type }) => {
      if (!names.has(name)) return `CAST(NULL AS ${type}) AS ${quoted(name)}`;
      return type === "VARCHAR" ? `words[${quoted(name)}] AS ${quoted(name)}` : quoted(name);
    });
    return `SELECT ${values.join(", ")} FROM ${quoted(table)}, (SELECT list(word ORDER BY rowid) AS words FROM ${quoted(words)})`;
  }
}
