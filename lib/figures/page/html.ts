import { escapeHtml } from "../../html/index.js";
import { carrierClass, figureClass, pageScript } from "./script.js";

/** What a figure's HTML is made of. */
export interface FigureParts {
  /** The static picture, SVG text. */
  svg: string;
  /** The picture in words. */
  alt: string;
  /** What plotly.js gets: data, layout, config. */
  plot: object;
  /** plotly.js itself, where this figure carries it. */
  plotly?: string;
}

/** JSON inside a script element: nothing in it may end the element. */
function scriptJson(value: object): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

/** A figure for a page: a picture at once, and the interactive plot in its place where scripts run. */
export function figureHtml({ svg, alt, plot, plotly }: FigureParts): string {
  const source = `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
  return [
    `<div class="${figureClass}" style="overflow-x: auto">`,
    `<img alt="${escapeHtml(alt)}" src="${source}" style="max-width: 100%">`,
    `<script type="application/json">${scriptJson(plot)}</script>`,
    ...(plotly === undefined ? [] : [`<script type="text/plain" class="${carrierClass}">${plotly}</script>`]),
    `<script>${pageScript}</script>`,
    "</div>",
  ].join("\n");
}
