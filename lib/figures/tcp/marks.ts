import type { Table } from "../../tables/index.js";
import { type Point, pointsOf } from "../points.js";
import type { Trace } from "../spec.js";
import { label } from "../text.js";
import type { Grid } from "../thin.js";
import type { Side } from "./direction.js";
import type { Mark } from "./kinds.js";

/** What is drawn: of which segments, from when on, in which stretches of time. */
export interface View {
  segments: Table;
  /** SQL: WITH and the segments as `seen`; there, `own` says that the side sent it. */
  seen: string;
  startNs: bigint;
  grid: Grid | null;
}

/** Segments of a connection, and which of them are a side's. */
export function seenSql(side: Side): string {
  return `WITH seen AS (SELECT *, sender = '${side}' AS own FROM this)`;
}

/** How many points stand for how many packets, for the pointer. */
export const frameHover = "frame %{customdata[0]}%{customdata[1]}";

export function frameData(points: readonly Point[]): [frame: unknown, others: string][] {
  return points.map(({ beside, standsFor }) => [
    beside[0],
    standsFor > 1 ? `, one of ${standsFor} about then` : "",
  ]);
}

/** One trace for each mark that occurs; each stretch of time that has one shows one. */
export async function markTraces(
  { segments, seen, startNs, grid }: View,
  marks: readonly Mark[],
): Promise<Trace[]> {
  const rows = marks.map(
    ({ when, y, to = "NULL" }, i) =>
      `SELECT ${i} AS mark, time_ns, frame, (${y})::DOUBLE AS low, (${to})::DOUBLE AS high FROM seen WHERE ${when}`,
  );
  const relation = `(${seen} ${rows.join(" UNION ALL ")})`;
  const points = await pointsOf(segments, relation, startNs, {
    grid,
    by: ["mark"],
    y: "low",
    beside: ["frame", "high"],
  });
  return marks.flatMap((mark, i) => {
    const own = points.filter(({ series }) => series[0] === i);
    return own.length === 0 ? [] : [markTrace(mark, own)];
  });
}

function markTrace({ name, color, symbol, size, to }: Mark, points: Point[]): Trace {
  const thin = symbol.startsWith("line-") || symbol.endsWith("-thin") || symbol.endsWith("-open");
  return {
    type: "scatter",
    mode: "markers",
    name: label(name),
    x: points.map(({ x }) => x),
    y: points.map(({ y }) => y),
    customdata: frameData(points),
    marker: { symbol, color, size, line: { color: thin ? color : "#FFFFFF", width: thin ? 2 : 0.5 } },
    ...(to === undefined
      ? {}
      : {
          error_y: bars(
            points.map(({ y, beside }) => Number(beside[1]) - y),
            color,
          ),
        }),
    hovertemplate: `%{x:.6~f} s: %{y:,} ${frameHover}<extra>${label(name)}</extra>`,
  };
}

/** Bars that go up from points: what a segment covers. */
export function bars(lengths: number[], color: string): object {
  return {
    type: "data",
    symmetric: false,
    array: lengths,
    arrayminus: lengths.map(() => 0),
    color,
    width: 0,
    thickness: 2,
  };
}
