import type { Cell } from "../cell/index.js";

const numbers = new WeakMap<AbortSignal, number>();
let count = 0;

/** A number for each execution of a cell in this process, told apart by its signal; null outside cells. */
export function executionOf(cell: Cell | undefined): number | null {
  if (cell === undefined) return null;
  const known = numbers.get(cell.signal);
  if (known !== undefined) return known;
  count += 1;
  numbers.set(cell.signal, count);
  return count;
}
