import { jupyterDisplay, type MimeBundle } from "../cell/index.js";
import { type Column, quoted, type Value } from "./column.js";
import { newTableName, withConnection } from "./database.js";
import { type FileFormat, type FileOptions, writeRows } from "./files/index.js";
import { createFrame, type Frame } from "./frame.js";
import { keep } from "./live/index.js";
import { type Provenance, queried } from "./provenance.js";
import { packedRows, renderTable } from "./render/index.js";
import { countRows, frameLimit, readRows } from "./rows.js";
import { sameSegments } from "./segments.js";
import { checkedSelect, explained } from "./select.js";

/** The rows of a Table that nobody has any more are dropped: those of a long notebook's answers would fill the memory. */
const unused = new FinalizationRegistry<string>((name) => {
  withConnection((connection) => connection.run(`DROP TABLE ${quoted(name)}`)).catch(() => {});
});

/** What DuckDB takes at least for a column, however few rows there are. */
const columnBytes = 32 * 1024;
/** As much for each Table: V8 counts it, and would see no reason to collect Tables otherwise. Pages that nobody writes to take no memory. */
const outside = new WeakMap<Table, ArrayBuffer>();

/** A Table whose rows DuckDB has in memory, and not in files. */
export function inMemory(table: Table): Table {
  outside.set(table, new ArrayBuffer(table.schema.length * columnBytes));
  unused.register(table, table.name);
  return table;
}

/** A name that no column has. */
const place = quoted("place in the table");

/** Columnar data of any size in DuckDB. It is read only; queries make Frames (answers) or further Tables. */
export class Table {
  constructor(
    /** Its name in the database. */
    readonly name: string,
    /** What its columns hold. */
    readonly schema: readonly Column[],
    /** Where its rows come from, and what may be missing. */
    readonly provenance: Provenance,
  ) {}

  /** Names of its columns; `schema` says what they hold. */
  get columns(): string[] {
    return this.schema.map(({ name }) => name);
  }

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
      const selection = await checkedSelect(connection, query, this.schema);
      const name = newTableName("query");
      await explained(
        query,
        () => connection.run(`CREATE TABLE ${quoted(name)} AS ${selection.sql}`),
        connection,
      );
      const table = inMemory(new Table(name, selection.columns, queried(this.provenance, query)));
      sameSegments(this, table);
      return table;
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
   * Writes all rows to a CSV file with a line of names, whole or not at all; null is an empty field. Text that a
   * spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, a tab or a line break) gets an apostrophe before it: for programs, write Parquet,
   * Arrow or JSON.
   *
   * @param options.overwrite replace a file that is there. Default false.
   * @throws SkbookError `FILE_EXISTS`, `WRITE_FAILED`, `DISK_FULL`, `QUOTA_EXCEEDED`.
   */
  toCsv(path: string, options?: FileOptions): Promise<void> {
    return this.write("csv", path, options);
  }

  /**
   * Writes all rows to a JSON file, an array of one object per row, whole or not at all. Integers have all their digits, also beyond
   * what a JavaScript number holds; NaN and what is infinite become null.
   *
   * @param options.overwrite replace a file that is there. Default false.
   * @throws SkbookError `FILE_EXISTS`, `WRITE_FAILED`, `DISK_FULL`, `QUOTA_EXCEEDED`.
   */
  toJson(path: string, options?: FileOptions): Promise<void> {
    return this.write("json", path, options);
  }

  /**
   * Writes all rows to a Parquet file (zstd), whole or not at all.
   *
   * @param options.overwrite replace a file that is there. Default false.
   * @throws SkbookError `FILE_EXISTS`, `WRITE_FAILED`, `DISK_FULL`, `QUOTA_EXCEEDED`.
   */
  toParquet(path: string, options?: FileOptions): Promise<void> {
    return this.write("parquet", path, options);
  }

  /**
   * Writes all rows to an Arrow IPC file (Feather 2), whole or not at all; units and meanings are the metadata of its fields. All of it is
   * in memory once.
   *
   * @param options.overwrite replace a file that is there. Default false.
   * @throws SkbookError `FILE_EXISTS`, `WRITE_FAILED`, `DISK_FULL`, `QUOTA_EXCEEDED`.
   */
  toArrow(path: string, options?: FileOptions): Promise<void> {
    return this.write("arrow", path, options);
  }

  async [jupyterDisplay](): Promise<MimeBundle> {
    const [{ total, empty, digest }, { rows }] = await Promise.all([
      this.extent(),
      this.select(`FROM this LIMIT ${packedRows}`, packedRows),
    ]);
    const { schema: columns, provenance } = this;
    const table = async () => quoted(this.name);
    return renderTable({
      columns,
      rows,
      total,
      empty,
      provenance,
      digest,
      keep: (id) => keep(id, { columns, table }),
    });
  }

  /** How many rows there are, of each column whether it is null in all of them, and a hash of the rows in their order. */
  private async extent(): Promise<{ total: number; empty: boolean[]; digest: string }> {
    return withConnection(async (connection) => {
      const counts = this.columns.map((name) => `, count(${quoted(name)})`).join("");
      const placed = `SELECT *, row_number() OVER () AS ${place} FROM ${quoted(this.name)}`;
      const sums = `SELECT count(*), sum(hash(placed))${counts} FROM (${placed}) AS placed`;
      const [[total, digest, ...filled] = []] = await (await connection.run(sums)).getRows();
      return {
        total: Number(total),
        empty: filled.map((count) => Number(count) === 0),
        digest: String(digest),
      };
    });
  }

  private write(format: FileFormat, path: string, options?: FileOptions): Promise<void> {
    const rows = { sql: `FROM ${quoted(this.name)}`, columns: this.schema };
    return withConnection((connection) => writeRows(connection, rows, format, path, options));
  }

  private async frameOf(query: string, provenance: Provenance, limit: number): Promise<Frame> {
    const { columns, rows } = await this.select(query, limit);
    return createFrame(columns, rows, provenance);
  }

  private select(query: string, limit: number): Promise<{ columns: Column[]; rows: Value[][] }> {
    return this.withThis(async (connection) => {
      const selection = await checkedSelect(connection, query, this.schema);
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
