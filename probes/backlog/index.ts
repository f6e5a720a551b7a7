export { backlogEvents } from "./events.js";
export { backlogSummary } from "./summary.js";
