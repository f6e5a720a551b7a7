import type { Trace } from "../spec.js";
import { textWidth } from "../static/index.js";
import { grey } from "../style.js";
import { label, shorten } from "../text.js";
import { type BoxKind, boxKinds } from "./kinds.js";
import type { Box, Link, Placed } from "./place.js";

/** In pixels; so are the axes of the figure. */
const rowHeight = 36;
const columnGap = 44;
const fontSize = 11;
const padding = 8;
const longest = 44;

/** Boxes and links as plotly.js draws them, and the size of it all. */
export interface Drawn {
  data: Trace[];
  shapes: object[];
  width: number;
  height: number;
}

/** Draws what is placed, every column as wide as its widest text, but at least as wide as the figure has room for. */
export function drawn({ boxes, links, columns, rows }: Placed, room: number): Drawn {
  const widths = Array.from({ length: columns }, (_, column) => widthOf(boxes, column));
  const used = widths.reduce((sum, width) => sum + width, 0) + columnGap * (columns - 1);
  const gap = columnGap + Math.max(0, room - used) / Math.max(1, columns - 1);
  const lefts = widths.map((_, column) =>
    widths.slice(0, column).reduce((sum, width) => sum + width + gap, 0),
  );
  const sides = ({ column }: Box) => {
    const left = lefts[column] ?? 0;
    return { left, right: left + (widths[column] ?? 0) };
  };
  return {
    data: [linkTrace(links, sides), ...boxTraces(boxes, sides)],
    shapes: boxes.map((box) => shapeOf(box, sides(box))),
    width: Math.max(room, used),
    height: rows * rowHeight,
  };
}

interface Sides {
  left: number;
  right: number;
}

function widthOf(boxes: readonly Box[], column: number): number {
  const lines = boxes.filter((box) => box.column === column).flatMap((box) => box.lines);
  if (lines.length === 0) return 0;
  return Math.max(48, ...lines.map((line) => textWidth(shorten(line, longest), fontSize))) + 2 * padding;
}

function shapeOf({ kind, top, bottom }: Box, { left, right }: Sides): object {
  const { color } = boxKinds[kind];
  return {
    type: "rect",
    layer: "below",
    ...{ x0: left, x1: right, y0: top * rowHeight + 2, y1: bottom * rowHeight - 2 },
    line: { color, width: 1.5 },
    fillcolor: `${color}18`,
  };
}

function linkTrace(links: readonly Link[], sides: (box: Box) => Sides): Trace {
  return {
    type: "scatter",
    mode: "lines",
    x: links.flatMap(({ from, to }) => [sides(from).right, sides(to).left, null]),
    y: links.flatMap(({ fromRow, toRow }) => [fromRow * rowHeight, toRow * rowHeight, null]),
    line: { color: grey, width: 1.5 },
    hoverinfo: "skip",
    showlegend: false,
  };
}

/** A trace of texts for each kind of box, with a square in its colour for the legend. */
function boxTraces(boxes: readonly Box[], sides: (box: Box) => Sides): Trace[] {
  return (Object.keys(boxKinds) as BoxKind[])
    .map((kind): Trace => {
      const own = boxes.filter((box) => box.kind === kind);
      const { name, color } = boxKinds[kind];
      return {
        type: "scatter",
        mode: "markers+text",
        name,
        x: own.map((box) => (sides(box).left + sides(box).right) / 2),
        y: own.map(({ top, bottom }) => ((top + bottom) / 2) * rowHeight),
        text: own.map(({ lines }) => lines.map((line) => label(shorten(line, longest))).join("<br>")),
        textposition: "middle center",
        textfont: { size: fontSize },
        // Seen in the legend only, where all markers have one size.
        marker: { color, symbol: "square", size: 0.1 },
        hovertext: own.map(({ hover }) => label(hover)),
        hovertemplate: `%{hovertext}<extra>${name}</extra>`,
      };
    })
    .filter(({ x }) => (x as number[]).length > 0);
}
