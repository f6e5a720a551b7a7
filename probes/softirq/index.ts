export { softirqEvents } from "./events.js";
export { softirqSummary } from "./summary.js";
