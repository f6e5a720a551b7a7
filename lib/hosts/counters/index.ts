export { hostCounters } from "./counters.js";
export { cpuFacts } from "./cpu-facts.js";
export { type IrqAffinityOptions, irqAffinity } from "./irq-affinity.js";
export { type QueueAffinityOptions, queueAffinity } from "./queue-affinity.js";
export { softnetCounters } from "./softnet.js";
export { stealSummary } from "./steal.js";
export { type ThreadCpuOptions, threadCpu } from "./threads.js";
export type { CounterOptions } from "./twice.js";
