export { runQueueSummary } from "./run-queue.js";
export { wakeupEvents } from "./wakeup-events.js";
export { wakeupSummary } from "./wakeup-summary.js";
