import type { DuckDBConnection } from "@duckdb/node-api";
import { type Column, literal, quoted, type Value } from "./column.js";
import { newTableName, withConnection } from "./database.js";
import { createFrame, type Frame } from "./frame.js";
import { keptFormat } from "./parquet.js";
import type { Provenance } from "./provenance.js";
import { frameLimit, readRows } from "./rows.js";
import { explained, type Selection } from "./select.js";
import { inMemory, Table } from "./table.js";

/** How something is computed from Tables. */
export interface Derivation {
  /** The Tables that the views and the query name. */
  sources: { [name: string]: Table };
  /** Wide relations of all packets, or as wide: what is read of them is read anew wherever they are named, so that only that is read. */
  bases?: { [name: string]: string };
  /** Further relations in SQL, each of which may name the ones before it: what is named more than once is computed once. */
  views?: { [name: string]: string };
  /** A SELECT that has at least `columns`, by name. */
  query: string;
  /** What comes out, in this order. */
  columns: readonly Column[];
  provenance: Provenance;
}

/** Computes a Table of any size, its columns described. */
export async function deriveTable(name: string, derivation: Derivation): Promise<Table> {
  return selected(derivation, async (connection, { sql, columns }) => {
    const table = newTableName(name);
    await explained(
      derivation.query,
      () => connection.run(`CREATE TABLE ${quoted(table)} AS ${sql}`),
      connection,
    );
    return inMemory(new Table(table, columns, derivation.provenance));
  });
}

/** Computes rows of any number into a Parquet file, without keeping them. */
export async function deriveParquet(path: string, derivation: Derivation): Promise<void> {
  await selected(derivation, (connection, { sql }) =>
    explained(
      derivation.query,
      () => connection.run(`COPY (${sql}) TO ${literal(path)} (${keptFormat})`),
      connection,
    ),
  );
}

/** Computes a Frame of at most 100,000 rows, its columns described. */
export async function deriveFrame(derivation: Derivation): Promise<Frame> {
  return selected(derivation, async (connection, selection) => {
    const rows: Value[][] = await readRows(connection, derivation.query, selection, frameLimit);
    return createFrame(selection.columns, rows, derivation.provenance);
  });
}

function selected<T>(
  derivation: Derivation,
  work: (connection: DuckDBConnection, selection: Selection) => Promise<T>,
): Promise<T> {
  return withConnection((connection) => work(connection, selectionOf(derivation)));
}

/** What a derivation selects, with the relations that it names: one statement, which plans only what the query comes to. */
export function selectionOf({ sources, bases = {}, views = {}, query, columns }: Derivation): Selection {
  const casts = columns.map(({ name, type }) => `CAST(${quoted(name)} AS ${type}) AS ${quoted(name)}`);
  const named = [
    ...Object.entries(sources).map(
      ([name, table]) => `${quoted(name)} AS NOT MATERIALIZED (FROM ${quoted(table.name)})`,
    ),
    ...Object.entries(bases).map(([name, sql]) => `${quoted(name)} AS NOT MATERIALIZED (${sql})`),
    ...Object.entries(views).map(([name, sql]) => `${quoted(name)} AS (${sql})`),
  ];
  const relations = named.length === 0 ? "" : `WITH ${named.join(", ")} `;
  return { sql: `${relations}SELECT ${casts.join(", ")} FROM (${query})`, columns: [...columns] };
}
