export { type DropsByReasonOptions, dropsByReason } from "./dropsByReason.js";
export { type DropsOverTimeOptions, dropsOverTime } from "./dropsOverTime.js";
export { Figure, plot } from "./figure.js";
export { type FlowTimelineOptions, flowTimeline } from "./flowTimeline.js";
export type { FigureSpec, Layout, Trace } from "./spec.js";
export { type TopologyFigureOptions, topologyFigure } from "./topologyFigure.js";
