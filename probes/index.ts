export * from "./backlog/index.js";
export { besideCounters } from "./beside-counters.js";
export { canRun } from "./can-run.js";
export * from "./conntrack/index.js";
export * from "./defrag/index.js";
export * from "./device/index.js";
export {
  classifyDrops,
  type DropKind,
  type DropRule,
  dropEvents,
  dropRules,
  dropSummary,
} from "./drop/index.js";
export * from "./echo/index.js";
export * from "./gaps/index.js";
export * from "./irq/index.js";
export * from "./latency/index.js";
export {
  flowInstalls,
  flowUpcalls,
  ovsActionEvents,
  ovsActionSummary,
  upcallEvents,
  upcallSummary,
} from "./ovs/index.js";
export type * from "./parameters.js";
export * from "./path/index.js";
export * from "./qdisc/index.js";
export * from "./report/index.js";
export * from "./scheduler/index.js";
export * from "./softirq/index.js";
export * from "./stages/index.js";
export * from "./tcp/index.js";
export * from "./transfer/index.js";
