/** SQL type of a column. Times and counters that need all 64 bits are BIGINT or UBIGINT. */
export type ColumnType = "VARCHAR" | "BOOLEAN" | "INTEGER" | "BIGINT" | "UBIGINT" | "DOUBLE";

/** What one column of a Table or Frame holds. */
export interface Column {
  name: string;
  type: ColumnType;
  /** `ns`, `bytes`, `packets`, ... A column in {@link unixNanoseconds} is shown as a UTC time. */
  unit?: string;
  /** One clause for the reader; shown when the pointer rests on the header. */
  meaning: string;
}

/** One cell. null is unknown; zero is zero. */
export type Value = string | number | bigint | boolean | null;

/** Unit of a time of day, counted in nanoseconds since 1970-01-01 UTC. */
export const unixNanoseconds = "ns since 1970";

const units = new Map(
  Object.entries({
    ns: "ns",
    us: "µs",
    ms: "ms",
    seconds: "s",
    s: "s",
    bytes: "bytes",
    packets: "packets",
    percent: "%",
  }),
);

/**
 * The column that a query's result holds under a name: the source's where one has that name and type, else one whose
 * unit is read off the end of the name (`rtt_ns`, `lost_bytes`).
 */
export function resultColumn(name: string, type: ColumnType, source: readonly Column[]): Column {
  const same = source.find((column) => column.name === name && column.type === type);
  if (same !== undefined) return same;
  const unit = units.get(name.slice(name.lastIndexOf("_") + 1));
  const column: Column = { name, type, meaning: "computed by the query" };
  return unit === undefined || isText(column) ? column : { ...column, unit };
}

export function isText(column: Column): boolean {
  return column.type === "VARCHAR" || column.type === "BOOLEAN";
}

/** A name as it stands in SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as it stands in SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
