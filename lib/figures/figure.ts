import { jupyterDisplay, type MimeBundle } from "../cell/index.js";
import { reasonOf, SkbookError } from "../errors/index.js";
import { type FigureSpec, type Layout, plainSpec, type Trace } from "./spec.js";
import { drawPicture, pictureHtml, wordsPicture } from "./static/index.js";
import { defaultSize, template } from "./style.js";
import { altText, summarize } from "./summary.js";

// plotly.js has a button that uploads the chart to its maker's cloud: traffic of a customer has no business there.
const config = {
  displaylogo: false,
  plotlyServerURL: "",
  modeBarButtonsToRemove: ["sendChartToCloud", "select2d", "lasso2d"],
};

function noPicture(error: unknown): string {
  return `There is no picture of it: ${error instanceof SkbookError ? error.failed : reasonOf(error)}.`;
}

/**
 * A plotly.js figure with a static picture beside it: interactive where figures of plotly.js are drawn (JupyterLab with skbook's
 * extension, VS Code, exported HTML), a picture everywhere else. As the last value of a cell it shows itself.
 */
export class Figure implements FigureSpec {
  /** The plotly.js traces. */
  readonly data: Trace[];
  /** The plotly.js layout, with its size in pixels and the look of all figures as its template. */
  readonly layout: Layout;

  constructor(spec: { data: Trace[]; layout?: Layout }) {
    const { data, layout } = plainSpec(spec);
    this.data = data;
    this.layout = { template, ...defaultSize, ...layout };
  }

  /**
   * The static picture as SVG text, the same bytes for the same figure.
   *
   * @throws SkbookError `FIGURE_NOT_DRAWN` where only a browser can draw it: WebGL, maps, violins, trees, more than
   *   20,000 points.
   */
  svg(): Promise<string> {
    const { width = defaultSize.width, height = defaultSize.height } = this.layout;
    return drawPicture({ data: this.data, layout: this.layout }, width, height);
  }

  /** The figure in words: title, axes, notes and series. */
  toString(): string {
    return summarize(this);
  }

  async [jupyterDisplay](): Promise<MimeBundle> {
    const plot = { data: this.data, layout: this.layout, config };
    const alt = altText(this);
    // A figure is shown even if it cannot be drawn here: the picture then says why.
    const svg = await this.svg().catch((error) => wordsPicture([alt, noPicture(error)], this.layout));
    return {
      "application/vnd.plotly.v1+json": plot,
      "text/html": pictureHtml(svg, alt),
      "image/svg+xml": svg,
      "text/plain": this.toString(),
    };
  }
}

/**
 * A figure of one's own.
 *
 * @param spec `data` and `layout` as plotly.js takes them; what `layout` leaves open has the look of the other figures.
 * @throws SkbookError `BAD_FIGURE` where `data` is no array of traces.
 * @example plot({ data: [{ type: "bar", x: ["a", "b"], y: [1, 2] }], layout: { title: { text: "Packets" } } })
 */
export function plot(spec: { data: Trace[]; layout?: Layout }): Figure {
  return new Figure(spec);
}
