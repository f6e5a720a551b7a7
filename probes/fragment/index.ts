export { type DefragEventsParameters, defragEvents } from "./events.js";
export type { FragmentFilterParameters } from "./program.js";
export { defragSummary } from "./summary.js";
