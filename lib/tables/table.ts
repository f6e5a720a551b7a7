import { jupyterDisplay, type MimeBundle } from "../cell/index.js";
import { type Column, literal, quoted, type Value } from "./column.js";
import { newTableName, withConnection } from "./database.js";
import { createFrame, type Frame } from "./frame.js";
import { type Provenance, queried } from "./provenance.js";
import { renderTable } from "./render/index.js";
import { countRows, frameLimit, readRows } from "./rows.js";
import { checkedSelect, explained } from "./select.js";
import { writeWhole } from "./whole-file.js";

/** Rows shown of a Table. */
const shownRows = 10;

/** Columnar data of any size in DuckDB. It is read only; queries make Frames (answers) or further Tables. */
export class Table {
  constructor(
    /** Its name in the database. */
    readonly name: string,
    /** What its columns hold. */
    readonly columns: readonly Column[],
    /** Where its rows come from, and what may be missing. */
    readonly provenance: Provenance,
  ) {}

  /** Number of rows. */
  async count(): Promise<number> {
    return withConnection((connection) => countRows(connection, { sql: `FROM ${quoted(this.name)}` }));
  }

  /** The first rows as a Frame. */
  async head(rows = 10): Promise<Frame> {
    return this.frameOf(
      `SELECT * FROM this LIMIT ${Math.max(0, Math.trunc(rows))}`,
      this.provenance,
      frameLimit,
    );
  }

  /**
   * Runs one SELECT of DuckDB's SQL on the table, which the query calls `this`:
   * `await packets.sql("SELECT src, sum(wire_bytes) AS sent_bytes FROM this GROUP BY src")`.
   *
   * @returns a Frame of at most 100,000 rows. Columns keep their unit where name and type stay; sums of integers stay
   *   integers, decimals become DOUBLE, times and dates text, lists and structs JSON text.
   * @throws SkbookError `SQL_FAILED` with DuckDB's message, `FRAME_TOO_LARGE`, `INTERRUPTED`.
   */
  async sql(query: string): Promise<Frame> {
    return this.frameOf(query, queried(this.provenance, query), frameLimit);
  }

  /**
   * The same as {@link Table.sql}, but makes a Table, of any size.
   *
   * @throws SkbookError `SQL_FAILED`, `INTERRUPTED`.
   */
  async query(query: string): Promise<Table> {
    return this.withThis(async (connection) => {
      const selection = await checkedSelect(connection, query, this.columns);
      const name = newTableName("query");
      await explained(
        query,
        () => connection.run(`CREATE TABLE ${quoted(name)} AS ${selection.sql}`),
        connection,
      );
      return new Table(name, selection.columns, queried(this.provenance, query));
    });
  }

  /**
   * All rows as a Frame.
   *
   * @param options.limit the most rows it may have. Default 100,000; about 1 KB of memory per row of 10 columns.
   * @throws SkbookError `FRAME_TOO_LARGE`.
   */
  async toFrame(options: { limit?: number } = {}): Promise<Frame> {
    return this.frameOf("FROM this", this.provenance, options.limit ?? frameLimit);
  }

  /**
   * Writes all rows to a Parquet file (zstd), whole or not at all.
   *
   * @param options.overwrite replace a file that is there. Default false.
   * @throws SkbookError `FILE_EXISTS`, `WRITE_FAILED`.
   */
  async toParquet(path: string, options: { overwrite?: boolean } = {}): Promise<void> {
    await withConnection((connection) =>
      writeWhole(path, options.overwrite ?? false, (partial) =>
        connection.run(`COPY ${quoted(this.name)} TO ${literal(partial)} (FORMAT parquet, COMPRESSION zstd)`),
      ),
    );
  }

  async [jupyterDisplay](): Promise<MimeBundle> {
    const [total, { rows }] = await Promise.all([this.count(), this.select(firstRows(shownRows), shownRows)]);
    return renderTable({ columns: this.columns, rows, total, provenance: this.provenance });
  }

  private async frameOf(query: string, provenance: Provenance, limit: number): Promise<Frame> {
    const { columns, rows } = await this.select(query, limit);
    return createFrame(columns, rows, provenance);
  }

  private select(query: string, limit: number): Promise<{ columns: Column[]; rows: Value[][] }> {
    return this.withThis(async (connection) => {
      const selection = await checkedSelect(connection, query, this.columns);
      return { columns: selection.columns, rows: await readRows(connection, query, selection, limit) };
    });
  }

  private withThis<T>(work: Parameters<typeof withConnection<T>>[0]): Promise<T> {
    return withConnection(async (connection) => {
      await connection.run(`CREATE TEMP VIEW this AS FROM ${quoted(this.name)}`);
      return work(connection);
    });
  }
}

function firstRows(rows: number): string {
  return `FROM this LIMIT ${Math.max(0, Math.trunc(rows))}`;
}
