export { qdiscDrops } from "./drops.js";
export { qdiscLatencyEvents } from "./latency-events.js";
export { qdiscLatencySummary } from "./latency-summary.js";
