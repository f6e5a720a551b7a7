export { hostCounters } from "./counters.js";
export { softnetCounters } from "./softnet.js";
export { type ThreadCpuOptions, threadCpu } from "./threads.js";
export type { CounterOptions } from "./twice.js";
