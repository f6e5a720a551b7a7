export { type PathEventsParameters, pathEvents } from "./events.js";
export type { PathParameters } from "./parameters.js";
export { pathSummary } from "./summary.js";
export { pathTrace } from "./trace.js";
