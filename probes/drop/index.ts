export { type DropEventsParameters, dropEvents } from "./events.js";
export type { DropFilterParameters } from "./filters.js";
export { dropSummary } from "./summary.js";
