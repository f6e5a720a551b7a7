import type { DuckDBConnection } from "@duckdb/node-api";
import type { DataFrame } from "#danfojs";
import { jupyterDisplay, type MimeBundle } from "../cell/index.js";
import { definitions, RowAppender } from "./appender.js";
import { type Column, quoted, type Value } from "./column.js";
import { columnsOf, danfoType, loadDanfo } from "./danfo/index.js";
import { newTableName, withConnection } from "./database.js";
import { type FileFormat, type FileOptions, writeRows } from "./files/index.js";
import { type Kept, keep } from "./live/index.js";
import { type Provenance, queried } from "./provenance.js";
import { renderTable } from "./render/index.js";
import { frameLimit, readRows } from "./rows.js";
import { checkedSelect } from "./select.js";

/**
 * A danfojs DataFrame that knows its columns' units and where it comes from. Compute with {@link Frame.sql}: what danfojs' own
 * methods return is a plain DataFrame.
 */
export interface Frame extends DataFrame {
  /** What the columns hold now, by name. */
  readonly schema: Column[];
  /** Where the rows come from, and what may be missing. */
  readonly provenance: Provenance;
  /**
   * Runs one SELECT of DuckDB's SQL on the frame, which the query calls `this`.
   *
   * @throws SkbookError `SQL_FAILED` with DuckDB's message, `FRAME_TOO_LARGE`.
   */
  sql(query: string): Promise<Frame>;
  /** The first rows, with what is known of them. Default 10. */
  head(rows?: number): Frame;
  /**
   * Writes all rows to a CSV file with a line of names, whole or not at all; null is an empty field. Text that a
   * spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, a tab or a line break) gets an apostrophe before it: for programs, write Parquet,
   * Arrow or JSON.
   *
   * @throws SkbookError `FILE_EXISTS` unless `overwrite`, `WRITE_FAILED`, `DISK_FULL`, `QUOTA_EXCEEDED`.
   */
  toCsv(path: string, options?: FileOptions): Promise<void>;
  /**
   * Writes all rows to a JSON file, an array of one object per row, whole or not at all; NaN and what is infinite become null.
   *
   * @throws SkbookError `FILE_EXISTS` unless `overwrite`, `WRITE_FAILED`, `DISK_FULL`, `QUOTA_EXCEEDED`.
   */
  toJson(path: string, options?: FileOptions): Promise<void>;
  /**
   * Writes all rows to a Parquet file (zstd), whole or not at all.
   *
   * @throws SkbookError `FILE_EXISTS` unless `overwrite`, `WRITE_FAILED`, `DISK_FULL`, `QUOTA_EXCEEDED`.
   */
  toParquet(path: string, options?: FileOptions): Promise<void>;
  /**
   * Writes all rows to an Arrow IPC file (Feather 2), whole or not at all; units and meanings are the metadata of its fields.
   *
   * @throws SkbookError `FILE_EXISTS` unless `overwrite`, `WRITE_FAILED`, `DISK_FULL`, `QUOTA_EXCEEDED`.
   */
  toArrow(path: string, options?: FileOptions): Promise<void>;
  [jupyterDisplay](): MimeBundle;
}

/**
 * Makes a Frame of rows. In a BIGINT column all values are numbers where all of them fit exactly, else all are bigints.
 *
 * @param columns what the columns hold.
 * @param rows values in the order of the columns; null where unknown.
 */
export function createFrame(
  columns: readonly Column[],
  rows: readonly (readonly Value[])[],
  provenance: Provenance,
): Frame {
  return new (frameClass())(columns, plainIntegers(columns, rows), provenance);
}

function plainIntegers(columns: readonly Column[], rows: readonly (readonly Value[])[]): Value[][] {
  const copy = rows.map((row) => columns.map((_, index) => row[index] ?? null));
  for (const index of columns.keys()) {
    if (!copy.some((row) => typeof row[index] === "bigint")) continue;
    const exact = copy.every((row) => row[index] === null || Number.isSafeInteger(Number(row[index])));
    for (const row of copy) {
      const value = row[index] ?? null;
      if (value !== null) row[index] = exact ? Number(value) : BigInt(value);
    }
  }
  return copy;
}

type FrameClass = new (columns: readonly Column[], rows: Value[][], provenance: Provenance) => Frame;

let made: FrameClass | undefined;

function frameClass(): FrameClass {
  made ??= makeFrameClass();
  return made;
}

/** The class can't be declared at the top: its base is loaded on first use. */
function makeFrameClass(): FrameClass {
  const { DataFrame } = loadDanfo();
  return class Frame extends DataFrame {
    readonly #columns: readonly Column[];
    readonly #provenance: Provenance;

    constructor(columns: readonly Column[], rows: Value[][], provenance: Provenance) {
      super(rows, {
        columns: columns.map((column) => column.name),
        dtypes: columns.map(danfoType),
      });
      this.#columns = columns;
      this.#provenance = provenance;
    }

    /** danfojs can rename and add columns in place, so this is looked up each time. */
    get schema(): Column[] {
      return columnsOf(this, this.#columns);
    }

    get provenance(): Provenance {
      return this.#provenance;
    }

    sql(query: string): Promise<Frame> {
      return runSql(query, this.schema, this.values as Value[][], this.#provenance) as Promise<never>;
    }

    override head(rows = 10): Frame {
      const first = (this.values as Value[][]).slice(0, Math.max(0, Math.trunc(rows)));
      return createFrame(this.schema, first, this.#provenance) as never;
    }

    toCsv(path: string, options?: FileOptions): Promise<void> {
      return this.#write("csv", path, options);
    }

    toJson(path: string, options?: FileOptions): Promise<void> {
      return this.#write("json", path, options);
    }

    toParquet(path: string, options?: FileOptions): Promise<void> {
      return this.#write("parquet", path, options);
    }

    toArrow(path: string, options?: FileOptions): Promise<void> {
      return this.#write("arrow", path, options);
    }

    #write(format: FileFormat, path: string, options?: FileOptions): Promise<void> {
      const columns = this.schema;
      return withConnection(async (connection) => {
        await loadRows(connection, "this", columns, this.values as Value[][]);
        await writeRows(connection, { sql: "FROM this", columns }, format, path, options);
      });
    }

    [jupyterDisplay](): MimeBundle {
      const columns = this.schema;
      const rows = this.values as Value[][];
      return renderTable({
        columns,
        rows,
        total: rows.length,
        provenance: this.#provenance,
        keep: (id) => keep(id, askable(columns, rows)),
      });
    }
  } as unknown as FrameClass;
}

async function runSql(
  query: string,
  columns: Column[],
  rows: Value[][],
  provenance: Provenance,
): Promise<Frame> {
  return withConnection(async (connection) => {
    await loadRows(connection, "this", columns, rows);
    const selection = await checkedSelect(connection, query, columns);
    return createFrame(
      selection.columns,
      await readRows(connection, query, selection, frameLimit),
      queried(provenance, query),
    );
  });
}

/** Rows of which a page may ask, as a table that is made when one does. */
function askable(columns: readonly Column[], rows: readonly (readonly Value[])[]): Kept {
  const name = newTableName("frame");
  let made: Promise<void> | undefined;
  return {
    columns,
    async table() {
      made ??= withConnection((connection) => loadRows(connection, name, columns, rows, "TABLE"));
      await made;
      return quoted(name);
    },
    forget() {
      // Rows that couldn't be made a table have told whoever asked for them.
      made
        ?.then(() => withConnection((connection) => connection.run(`DROP TABLE ${quoted(name)}`)))
        .catch(() => {});
    },
  };
}

/** Makes rows a table that this connection's queries know by a name, or all's. */
export async function loadRows(
  connection: DuckDBConnection,
  name: string,
  columns: readonly Column[],
  rows: readonly (readonly Value[])[],
  kind: "TEMP TABLE" | "TABLE" = "TEMP TABLE",
): Promise<void> {
  await connection.run(`CREATE ${kind} ${quoted(name)} (${definitions(columns)})`);
  const appender = await RowAppender.open(connection, name, columns);
  try {
    appender.append(rows);
  } finally {
    appender.close();
  }
}
