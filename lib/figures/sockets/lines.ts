import type { Table } from "../../tables/index.js";
import { captioned } from "../caption.js";
import { extentOf } from "../extent.js";
import { Figure } from "../figure.js";
import { needsColumns, oneFlow, type Wanted } from "../needs.js";
import { nothing } from "../nothing.js";
import { pointsOf } from "../points.js";
import type { Trace } from "../spec.js";
import { gridOf, thinnedText } from "../thin.js";
import { spanText } from "../time.js";

/** A line over the samples of one connection. */
export interface Line {
  /** In SQL; where it is null the line has a gap. */
  y: string;
  name: string;
  color: string;
  dash?: "dot" | "dash";
}

/** A figure of lines over the samples of one connection, from its first on. */
export async function lineFigure(
  wanted: Wanted,
  table: Table,
  needed: readonly string[],
  lines: readonly Line[],
  { title, unit, format }: { title: string; unit: string; format: string },
): Promise<Figure> {
  needsColumns(wanted, table, ["time_ns", "flow", ...needed]);
  const flow = await oneFlow(wanted, table);
  const { count, span } = await extentOf(table);
  const { startNs, endNs } = span ?? { startNs: 0n, endNs: 0n };
  const grid = gridOf(count, { startNs, endNs });
  const data: Trace[] = [];
  for (const { y, name, color, dash } of lines) {
    const points = await pointsOf(table, "this", startNs, { grid, by: [], y, line: true });
    if (points.length === 0) continue;
    data.push({
      ...{ type: "scatter", mode: points.length === 1 ? "markers" : "lines", name },
      x: points.map(({ x }) => x),
      y: points.map((point) => point.y),
      line: { color, width: dash === undefined ? 2 : 1.5, ...(dash === undefined ? {} : { dash }) },
      hovertemplate: `%{x:.6~f} s: %{y:${format}} ${unit}<extra>${name}</extra>`,
    });
  }
  const caption = captioned({
    title: `${title} of ${flow ?? "no connection"}`,
    facts: [...(span === null ? [] : [spanText(span)]), ...thinnedText(grid)],
    sources: [{ provenance: table.provenance, of: "sample" }],
  });
  return new Figure({
    data,
    layout: {
      ...caption,
      showlegend: true,
      hovermode: "closest",
      xaxis: { title: { text: "Time since the first sample (s)" } },
      yaxis: { title: { text: `${title} (${unit})` }, rangemode: "tozero", exponentformat: "SI" },
      ...(data.length === 0 ? nothing(caption, "samples", table.provenance) : {}),
    },
  });
}
