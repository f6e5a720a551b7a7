export type { Capture } from "./capture.js";
export type { CaptureFacts } from "./facts.js";
export { openCapture } from "./open.js";
export { packets } from "./packets/index.js";
