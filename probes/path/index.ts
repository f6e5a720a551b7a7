export { pathEvents } from "./events.js";
export { pathSummary } from "./summary.js";
export { pathTrace } from "./trace.js";
