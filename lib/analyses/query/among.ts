/**
 * In SQL: whether a column of all packets has one of the few values of a relation with one column. DuckDB looks each packet up in it; for
 * IN alone or SEMI JOIN it may put all packets into memory, since it doesn't know how many there are.
 */
export function among(column: string, few: string): string {
  return `coalesce(${column} IN (FROM ${few}), false)`;
}
