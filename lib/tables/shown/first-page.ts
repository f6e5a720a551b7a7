const rowsOfPage = 20;
/** A few more rows than a page has aren't worth a second one. */
const few = 30;

/** How many rows of so many are shown at first. */
export function firstPage(total: number): number {
  return total <= few ? few : rowsOfPage;
}
