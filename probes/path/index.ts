export { pathEvents } from "./events.js";
export type { PathParameters } from "./parameters.js";
export { pathSummary } from "./summary.js";
export { type PathTraceParameters, pathTrace } from "./trace.js";
