export { type CounterOptions, interfaceCounters } from "./counters.js";
