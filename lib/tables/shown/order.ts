import type { Column, Value } from "../column.js";

/** Places of a table's columns as a page shows them. */
export interface Arranged {
  /** Those with values, the ones that tell rows apart first. */
  shown: number[];
  /** Those that are null in every row. */
  empty: number[];
}

/** Wider than this, columns with one and the same value in all rows go behind the others. */
const narrow = 8;

/**
 * @param empty of each column whether it is null in all rows, those that aren't here included.
 * @param asInQuery whether somebody has put the columns into their order by a query.
 */
export function arranged(
  columns: readonly Column[],
  rows: readonly (readonly Value[])[],
  empty: readonly boolean[] = columns.map((_, index) => rows.every((row) => (row[index] ?? null) === null)),
  asInQuery = false,
): Arranged {
  const indexes = columns.map((_, index) => index);
  // Without rows no column is known to be of no use.
  if (rows.length === 0) return { shown: indexes, empty: [] };
  const filled = indexes.filter((index) => empty[index] !== true);
  const same = (index: number) => rows.every((row) => row[index] === rows[0]?.[index]);
  const isWide = filled.length > narrow && rows.length > 1 && !asInQuery;
  const behind = new Set(isWide ? filled.filter(same) : []);
  return {
    shown: [...filled.filter((index) => !behind.has(index)), ...behind],
    empty: indexes.filter((index) => empty[index] === true),
  };
}
