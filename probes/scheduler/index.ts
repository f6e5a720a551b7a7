export { futexSummary } from "./futex-summary.js";
export { lockSummary } from "./lock-summary.js";
export { offCpuEvents } from "./off-cpu-events.js";
export { offCpuSummary } from "./off-cpu-summary.js";
export { runQueueSummary } from "./run-queue.js";
export { wakeupEvents } from "./wakeup-events.js";
export { wakeupSummary } from "./wakeup-summary.js";
