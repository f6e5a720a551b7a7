export type { Capture } from "./capture.js";
export type { CaptureFacts } from "./facts.js";
export { flows } from "./flows/index.js";
export { type CaptureOptions, capture } from "./live/index.js";
export { openCapture } from "./open.js";
export { overview } from "./overview.js";
export { packets } from "./packets/index.js";
export type { TrafficFilter } from "./scope/index.js";
export * from "./summary/index.js";
