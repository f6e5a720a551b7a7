export { gapEvents } from "./events.js";
export { gapSummary } from "./summary.js";
