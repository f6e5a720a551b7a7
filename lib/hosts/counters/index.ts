export { hostCounters } from "./counters.js";
export { softnetCounters } from "./softnet.js";
export type { CounterOptions } from "./twice.js";
