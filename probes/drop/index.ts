export { dropEvents } from "./events.js";
export { dropSummary } from "./summary.js";
