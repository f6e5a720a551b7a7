export { runQueueSummary } from "./run-queue.js";
