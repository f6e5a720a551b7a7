import { binWidth, durationText, type Span } from "./time.js";

/** Above this many rows, a series is drawn by the extremes of each stretch of time. */
const exactRows = 1000;
const stretches = 250;
/** More lines than these share so many stretches, so that a figure of many is not heavier than one of few. */
const linesOfAll = 4;

/** Stretches of time: from `startNs` on, each `widthNs` long. */
export interface Grid {
  startNs: bigint;
  widthNs: bigint;
}

/** The stretches in which rows are drawn by their extremes; null where there are few enough to draw each. */
export function gridOf(rows: number, span: Span, lines = 1): Grid | null {
  if (rows <= exactRows) return null;
  const bins = Math.ceil((stretches * linesOfAll) / Math.max(lines, linesOfAll));
  return { startNs: span.startNs, widthNs: binWidth(span, bins) };
}

/** The fact that not every row has a point of its own. */
export function thinnedText(grid: Grid | null): string[] {
  return grid === null ? [] : [`each ${durationText(grid.widthNs)} by its extremes`];
}

/** What {@link thinned} keeps. */
export interface Thinning {
  grid: Grid | null;
  /** Columns by whose values rows are series of their own. */
  by: readonly string[];
  /** The number that is drawn over `time_ns`, in SQL. Rows without it are left out. */
  y: string;
  /** Further columns of the rows that stay. */
  beside?: readonly string[];
  /** Of a line, the first and last row of a stretch stay too: it then covers the same pixels as the line through all rows. */
  line?: boolean;
}

/**
 * SQL that gives the rows of a relation, or of each series and stretch of time only those with the highest and lowest `y`: `by`,
 * `time_ns`, `y`, `stands_for` (how many rows the stretch has), `beside`, in order of time. What is kept is M4 of Jugel et al., "M4: A
 * Visualization-Oriented Time Series Data Aggregation" (VLDB 2014), so an extreme never disappears, nor does a series that is rare.
 */
export function thinned(relation: string, { grid, by, y, beside = [], line = false }: Thinning): string {
  const series = by.map((column) => `${column}, `).join("");
  const rows = `SELECT ${series} time_ns, ${y} AS y${beside.map((column) => `, ${column}`).join("")} FROM ${relation} WHERE (${y}) IS NOT NULL`;
  const kept = beside.map((column) => `, ${column}`).join("");
  if (grid === null)
    return `SELECT ${series} time_ns, y, 1 AS stands_for${kept} FROM (${rows}) ORDER BY time_ns${kept}`;
  const point = `{${["time_ns", "y", ...beside].map((column) => `'${column}': ${column}`).join(", ")}}`;
  const ends = line ? `, arg_min(${point}, time_ns), arg_max(${point}, time_ns)` : "";
  return `
    SELECT ${series} point.time_ns AS time_ns, point.y AS y, stands_for${beside.map((column) => `, point.${column} AS ${column}`).join("")}
    FROM (
      SELECT ${series} count(*)::DOUBLE AS stands_for,
        unnest(list_distinct([arg_min(${point}, y), arg_max(${point}, y)${ends}])) AS point
      FROM (${rows}) GROUP BY ${series} (time_ns - ${grid.startNs}) // ${grid.widthNs}
    ) ORDER BY ${series} time_ns${kept}`;
}
