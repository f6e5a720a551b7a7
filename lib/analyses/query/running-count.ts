/** In SQL, to be followed by OVER: how many rows so far meet a condition. DuckDB takes the square of the rows for `count(*) FILTER`. */
export function runningCount(condition: string): string {
  return `count(CASE WHEN ${condition} THEN 1 END)`;
}
