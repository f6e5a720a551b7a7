import type { Layout } from "./spec.js";

/** Okabe and Ito's colours, which people with any colour vision tell apart, without the yellow that white swallows. */
export const palette = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#5E4FA2"] as const;

/** For what is not told apart: the remaining series together. */
export const grey = "#9A9A9A";

/** For loss: drops, resets, and the warning that events are missing. */
export const alarm = "#B00020";

export const defaultSize = { width: 840, height: 420 };

/** Title and subtitle sizes in pixels. */
const titleSize = 16;
export const subtitleSize = 12;

/** The fonts whose widths are known (static/widths.ts); all share them but the last. */
export const fontFamily = "Arial, Helvetica, Liberation Sans, sans-serif";

const axis = {
  gridcolor: "#E6E6E6",
  linecolor: "#666666",
  showline: true,
  zeroline: false,
  ticks: "outside",
  tickcolor: "#666666",
  automargin: true,
  title: { font: { size: 13 }, standoff: 12 },
};

/** The look of every figure, as a plotly.js template: what a figure's own layout says goes first. */
export const template: { layout: Layout } = {
  layout: {
    colorway: [...palette],
    font: { family: fontFamily, size: 12, color: "#222222" },
    paper_bgcolor: "#FFFFFF",
    plot_bgcolor: "#FFFFFF",
    title: {
      x: 0,
      xref: "container",
      xanchor: "left",
      y: 1,
      yref: "container",
      yanchor: "top",
      pad: { l: 16, t: 14 },
      font: { size: titleSize, weight: "bold" },
      subtitle: { font: { size: subtitleSize, color: "#555555" } },
    },
    margin: { l: 64, r: 24, t: 72, b: 56 },
    legend: { font: { size: 12 }, tracegroupgap: 4 },
    hoverlabel: { align: "left", font: { family: fontFamily } },
    xaxis: axis,
    yaxis: axis,
  },
};
