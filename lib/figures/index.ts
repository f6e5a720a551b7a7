export { type DropsByReasonOptions, dropsByReason } from "./dropsByReason.js";
export { type DropsOverTimeOptions, dropsOverTime } from "./dropsOverTime.js";
export { Figure, plot } from "./figure.js";
export { type FlowTimelineOptions, flowTimeline } from "./flowTimeline.js";
export type { FigureSpec, Layout, Trace } from "./spec.js";
export { throughputOverTime } from "./throughputOverTime.js";
export { type TimeSequenceOptions, timeSequence } from "./timeSequence.js";
export { type WindowScalingOptions, windowScaling } from "./windowScaling.js";
