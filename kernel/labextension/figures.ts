import { drawing, figureType, plotlyScript } from "../figures/index.js";
import type { Renderer } from "./renderer.js";

/** Figures, drawn by plotly.js, which is loaded with the first one. Of a notebook that is not trusted, their pictures are shown. */
export const figures: Renderer = {
  id: "figures",
  mimeType: figureType,
  rank: 1,
  safe: false,
  show: `async (place, output, { load }) => {
    place.classList.add("skbook-figure");
    const draw = ${drawing};
    // The page may have another version as \`Plotly\`, which stays.
    const plotly = await (window.skbookPlotly ??= (async () => {
      const other = window.Plotly;
      await load("plotly.min.js");
      const own = window.Plotly;
      window.Plotly = other;
      return own;
    })().catch((error) => {
      window.skbookPlotly = undefined;
      throw error;
    }));
    return draw(plotly, place, output[${JSON.stringify(figureType)}]);
  }`,
  files: { "plotly.min.js": plotlyScript() },
};
