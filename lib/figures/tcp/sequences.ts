import { type Point, pointsOf } from "../points.js";
import { rowsOf } from "../rows.js";
import type { Trace } from "../spec.js";
import { grey, palette } from "../style.js";
import { seconds } from "../time.js";
import { bars, frameData, frameHover, type View } from "./marks.js";

const [blue, , green, , sky, , purple] = palette;

/** Data sent for the first time and in order; other data has marks of its own. */
const data =
  "own AND payload_bytes > 0 AND NOT retransmission AND NOT out_of_order AND kind NOT IN ('keep-alive', 'window probe')";

/** Data as one point for each segment, where it starts. */
export async function dataPoints({ segments, seen, startNs, grid }: View): Promise<Trace[]> {
  const points = await pointsOf(segments, `(${seen} SELECT * FROM seen WHERE ${data})`, startNs, {
    grid,
    by: [],
    y: "tcp_seq",
    beside: ["frame"],
  });
  if (points.length === 0) return [];
  return [
    {
      type: "scatter",
      mode: "markers",
      name: "data",
      x: points.map(({ x }) => x),
      y: points.map(({ y }) => y),
      customdata: frameData(points),
      marker: { color: blue, size: 5 },
      hovertemplate: `%{x:.6~f} s: %{y:,} ${frameHover}<extra>data</extra>`,
    },
  ];
}

/** Data as bars from its first number to its last: one for each segment, or for those of a stretch of time together. */
export async function dataBars({ segments, seen, startNs, grid }: View): Promise<Trace[]> {
  const key = grid === null ? "frame" : `(time_ns - ${grid.startNs}) // ${grid.widthNs}`;
  const rows = await rowsOf(
    segments,
    `${seen}
    SELECT min(time_ns) AS time_ns, min(tcp_seq)::DOUBLE AS low, max(tcp_seq_end)::DOUBLE AS high, min(frame) AS frame,
      count(*)::DOUBLE AS segments
    FROM seen WHERE ${data} GROUP BY ${key} ORDER BY time_ns`,
  );
  if (rows.length === 0) return [];
  const low = rows.map((row) => Number(row[1]));
  return [
    {
      type: "scatter",
      mode: "markers",
      name: "data",
      x: rows.map((row) => seconds(BigInt(row[0] as bigint | number) - startNs)),
      y: low,
      error_y: bars(
        rows.map((row, i) => Number(row[2]) - (low[i] ?? 0)),
        blue,
      ),
      customdata: rows.map((row) => [
        row[3],
        Number(row[4]) > 1 ? ` and ${Number(row[4]) - 1} more` : "",
        row[2],
      ]),
      marker: { color: blue, size: 3 },
      hovertemplate: `%{x:.6~f} s: %{y:,} to %{customdata[2]:,} ${frameHover}<extra>data</extra>`,
    },
  ];
}

/** The name of the line up to which the other side allowed to send. */
export const edgeName = "receive window's edge";

/** What the other side acknowledged, and up to where it allowed to send, as steps. */
export async function allowance({ segments, seen, startNs, grid }: View): Promise<Trace[]> {
  const line = async (name: string, y: string, color: string): Promise<Trace[]> => {
    const points = await pointsOf(
      segments,
      `(${seen} SELECT * FROM seen WHERE NOT own AND kind <> 'rst')`,
      startNs,
      {
        grid,
        by: [],
        y,
        beside: ["frame"],
        line: true,
      },
    );
    if (points.length === 0) return [];
    return [
      {
        type: "scatter",
        mode: "lines",
        name,
        x: points.map(({ x }) => x),
        y: points.map((point) => point.y),
        customdata: frameData(points),
        line: { color, width: 1.5, shape: "hv" },
        hovertemplate: `%{x:.6~f} s: %{y:,} ${frameHover}<extra>${name}</extra>`,
      },
    ];
  };
  return [...(await line(edgeName, "window_edge", grey)), ...(await line("acknowledged", "tcp_ack", green))];
}

/** SACK blocks: what had arrived beyond a hole; D-SACK: what had arrived twice. */
export async function sackBars({ segments, seen, startNs, grid }: View): Promise<Trace[]> {
  const blocks = `
    (${seen}, edges AS (
      SELECT time_ns, frame, dsack, string_split(sack_le, ',') AS starts, string_split(sack_re, ',') AS stops
      FROM seen WHERE NOT own AND sack_le IS NOT NULL
    ), blocks AS (
      SELECT time_ns, frame, dsack, unnest(starts) AS low, unnest(stops) AS high, unnest(generate_series(1, len(starts))) AS place
      FROM edges
    )
    SELECT time_ns, frame, CASE WHEN dsack AND place = 1 THEN 'D-SACK' ELSE 'SACK' END AS name,
      low::DOUBLE AS low, high::DOUBLE AS high FROM blocks)`;
  const points = await pointsOf(segments, blocks, startNs, {
    grid,
    by: ["name"],
    y: "low",
    beside: ["frame", "high"],
  });
  return [["SACK", sky] as const, ["D-SACK", purple] as const].flatMap(([name, color]) => {
    const own = points.filter(({ series }) => series[0] === name);
    return own.length === 0 ? [] : [sackTrace(name, color, own)];
  });
}

function sackTrace(name: string, color: string, points: Point[]): Trace {
  return {
    type: "scatter",
    mode: "markers",
    name,
    x: points.map(({ x }) => x),
    y: points.map(({ y }) => y),
    error_y: bars(
      points.map(({ y, beside }) => Number(beside[1]) - y),
      color,
    ),
    customdata: frameData(points).map((known, i) => [...known, points[i]?.beside[1]]),
    marker: { color, size: 3 },
    hovertemplate: `%{x:.6~f} s: %{y:,} to %{customdata[2]:,} ${frameHover}<extra>${name}</extra>`,
  };
}
