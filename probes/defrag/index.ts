export { defragEvents } from "./events.js";
export { defragSummary } from "./summary.js";
