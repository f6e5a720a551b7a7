import type { LatencyFault } from "./fault.js";
import { schedulerFaults } from "./scheduler.js";
import { stageFaults } from "./stages.js";

export { compareLatency, shown } from "./compare.js";

/** All of them; each file has those that its probes are held against. */
export const latencyFaults: readonly LatencyFault[] = [...schedulerFaults, ...stageFaults];
