import { reasonOf, SkbookError } from "../../errors/index.js";
import type { FigureSpec } from "../spec.js";
import { slim } from "./slim.js";
import { windowlessPlotly } from "./window.js";

/** The trace types that plotly.js draws right without a browser; others need WebGL, a map server, or the browser to measure or move things. */
const drawable = new Set([
  ...["bar", "box", "contour", "funnel", "heatmap", "histogram", "histogram2d"],
  ...["pie", "sankey", "scatter", "waterfall"],
]);

/** More marks than this make a picture that is slower to open than to understand. */
const maxPoints = 20_000;

function refusal(spec: FigureSpec): string | undefined {
  const foreign = spec.data.map((trace) => trace.type ?? "scatter").find((type) => !drawable.has(type));
  if (foreign !== undefined) return `traces of type "${foreign}" are drawn by a browser only`;
  const points = spec.data.reduce((sum, trace) => sum + lengthOf(trace.x ?? trace.y ?? trace.values), 0);
  if (points > maxPoints) return `${points} points are more than a picture holds (${maxPoints})`;
  return undefined;
}

function lengthOf(values: unknown): number {
  return Array.isArray(values) ? values.length : 0;
}

/** FNV-1a: the same figure gets the same ids, and two figures in one page different ones. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0).toString(36);
}

async function draw(spec: FigureSpec, width: number, height: number): Promise<string> {
  const refused = refusal(spec);
  const failure = (failed: string, cause?: unknown) =>
    new SkbookError({
      code: "FIGURE_NOT_DRAWN",
      tried: "draw the static picture of a figure",
      failed,
      todo: "the interactive figure is not affected; for a picture use bars, lines or markers, and fewer points",
      cause,
    });
  if (refused !== undefined) throw failure(refused);
  try {
    const plotly = await windowlessPlotly();
    const svg = await plotly.toImage(spec, { format: "svg", imageDataOnly: true, width, height });
    return slim(svg, `f${hash(JSON.stringify(spec))}`);
  } catch (error) {
    throw failure(`plotly.js: ${reasonOf(error)}`, error);
  }
}

let queue: Promise<unknown> = Promise.resolve();

/**
 * The figure as SVG text, the same bytes for the same figure.
 *
 * @throws SkbookError `FIGURE_NOT_DRAWN` where only a browser can draw it.
 */
export function drawPicture(spec: FigureSpec, width: number, height: number): Promise<string> {
  // One after the other: the drawings share one window.
  const drawn = queue.then(() => draw(spec, width, height));
  queue = drawn.catch(() => undefined);
  return drawn;
}
