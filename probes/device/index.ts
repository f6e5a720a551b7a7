export { queueSummary } from "./queue-summary.js";
