import type { DataFrame } from "#danfojs";
import { type Column, type ColumnType, resultColumn } from "../column.js";

const danfoTypes: Record<ColumnType, string> = {
  VARCHAR: "string",
  BOOLEAN: "boolean",
  INTEGER: "int32",
  BIGINT: "int32",
  UBIGINT: "int32",
  DOUBLE: "float32",
};

/** What danfojs is told of a column; it calls all integers int32 and keeps their values as they are. */
export function danfoType(column: Column): string {
  return danfoTypes[column.type];
}

/** What danfojs says of the columns it has by now, with what was known of them by name. */
export function columnsOf(frame: DataFrame, known: readonly Column[]): Column[] {
  const types: Record<string, ColumnType> = { string: "VARCHAR", boolean: "BOOLEAN", int32: "BIGINT" };
  return frame.columns.map(
    (name, index) =>
      known.find((column) => column.name === name) ??
      resultColumn(name, types[frame.dtypes[index] ?? ""] ?? "DOUBLE", []),
  );
}
