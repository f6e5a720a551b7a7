import { maxSeries } from "./series.js";

/**
 * WITH and the rows as `named`: each with its `shown_series`, null for those of the many small series together, and the `shown_rank`.
 *
 * @param name SQL: the name of a row's series
 * @param weight SQL: what makes a series big, over its rows
 */
export function rankedSql(name: string, weight = "count(*)"): string {
  return `
    WITH given AS (SELECT *, ${name} AS given_series FROM this),
    ranked AS (
      SELECT given_series, row_number() OVER (ORDER BY ${weight} DESC, given_series) AS place
      FROM given GROUP BY given_series
    ),
    named AS (
      SELECT given.*, least(place, ${maxSeries + 1}) AS shown_rank,
        CASE WHEN place <= ${maxSeries} THEN given_series END AS shown_series
      FROM given JOIN ranked USING (given_series)
    )`;
}
