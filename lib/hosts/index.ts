export { readText } from "./bytes.js";
export { type ClockReading, readClocks } from "./clocks.js";
export { connect, localhost } from "./connect.js";
export { type CounterOptions, interfaceCounters } from "./counters/index.js";
export { hostFacts } from "./facts.js";
export type { Detached, ExecEnd, ExecOptions, ExecResult, Execution, Host } from "./host.js";
export { readSections, type Snapshot } from "./snapshot.js";
export type { ConnectOptions } from "./ssh/options.js";
export { Topology, topology } from "./topology/index.js";
