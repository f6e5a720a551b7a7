export { besideCounters } from "./beside-counters.js";
export { canRun } from "./can-run.js";
export * from "./drop/index.js";
export * from "./path/index.js";

