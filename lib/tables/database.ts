import { join } from "node:path";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { scratchFolder } from "./scratch.js";

let instance: Promise<DuckDBInstance> | undefined;
let tablesMade = 0;
/** Work that is under way: what it has at hand is not collected meanwhile, so that no Table which a query names is dropped. */
const underWay = new Set<unknown>();

/** A connection of its own to this process's one database; temporary views and tables end with it. */
export async function openConnection(): Promise<DuckDBConnection> {
  instance ??= openDatabase();
  return (await instance).connect();
}

/** Runs work on a connection and closes it, whatever happens. */
export async function withConnection<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  underWay.add(work);
  try {
    const connection = await openConnection();
    try {
      return await work(connection);
    } finally {
      connection.closeSync();
    }
  } finally {
    underWay.delete(work);
  }
}

/** A table name that nothing else in this process has: `packets_3`. */
export function newTableName(name: string): string {
  tablesMade += 1;
  return `${name.replace(/[^A-Za-z0-9]+/g, "_")}_${tablesMade}`;
}

async function openDatabase(): Promise<DuckDBInstance> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const database = await DuckDBInstance.create(":memory:", {
    temp_directory: join(scratchFolder(), "spill"),
    memory_limit: "1GB",
    // One thread, so that rows without ORDER BY and sums of floating point come out the same in every replay.
    threads: "1",
    // A query never reaches for the network.
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    // DuckDB joins by nearness with nested loops where it guesses that few rows come; where the guess is wrong they take the square.
    asof_loop_join_threshold: "0",
  });
  const connection = await database.connect();
  // A capture's packets are in many files of many columns, which one query reads after the other: what a file says of its columns is read once. Not known
  // before the database is there.
  await connection.run("SET GLOBAL parquet_metadata_cache = true");
  connection.closeSync();
  return database;
}
