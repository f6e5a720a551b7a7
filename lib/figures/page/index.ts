export { type FigureParts, figureHtml } from "./html.js";
export { bringsPlotly, packedPlotly } from "./loader.js";
