export { drawing, figureType } from "./drawing.js";
export { packedPlotly, plotlyScript } from "./plotly.js";
