export { hostCounters } from "./counters.js";
export { cpuFacts } from "./cpu-facts.js";
export { softnetCounters } from "./softnet.js";
export { stealSummary } from "./steal.js";
export { type ThreadCpuOptions, threadCpu } from "./threads.js";
export type { CounterOptions } from "./twice.js";
