import { writeFile } from "node:fs/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Batch, DataType } from "@uwdata/flechette";
import type { Column, ColumnType, Value } from "../column.js";

/** Rows of a record batch. */
const batchRows = 65_536;

/** Writes the rows of a SELECT as an Arrow IPC file (Feather 2), with units and meanings as the fields' metadata. All of it is in memory once. */
export async function writeArrow(
  connection: DuckDBConnection,
  sql: string,
  columns: readonly Column[],
  path: string,
): Promise<void> {
  const arrow = await import("@uwdata/flechette");
  const types: Record<ColumnType, DataType> = {
    VARCHAR: arrow.utf8(),
    BOOLEAN: arrow.bool(),
    INTEGER: arrow.int32(),
    BIGINT: arrow.int64(),
    UBIGINT: arrow.uint64(),
    DOUBLE: arrow.float64(),
  };
  const batches: Batch<unknown>[][] = columns.map(() => []);
  const add = (rows: readonly (readonly Value[])[]) => {
    for (const [index, { type }] of columns.entries()) {
      const values = rows.map((row) => row[index] ?? null);
      const column = arrow.columnFromArray(values, types[type]);
      (batches[index] as Batch<unknown>[]).push(...column.data);
    }
  };
  let rows: Value[][] = [];
  for await (const chunk of await connection.stream(sql)) {
    rows.push(...(chunk.getRows() as Value[][]));
    if (rows.length < batchRows) continue;
    add(rows);
    rows = [];
  }
  if (rows.length > 0 || batches[0]?.length === 0) add(rows);
  const table = new arrow.Table(
    {
      version: arrow.Version.V5,
      endianness: arrow.Endianness.Little,
      fields: columns.map(({ name, type, unit, meaning }) => ({
        ...arrow.field(name, types[type]),
        metadata: new Map([["meaning", meaning], ...(unit === undefined ? [] : [["unit", unit] as const])]),
      })),
      metadata: null,
    },
    columns.map(({ type }, index) => new arrow.Column(batches[index] as Batch<unknown>[], types[type])),
  );
  await writeFile(path, arrow.tableToIPC(table, { format: "file" }) as Uint8Array);
}
