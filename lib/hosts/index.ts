export type { BtfFiles } from "./btf/given.js";
export type { HostBtf } from "./btf/host-btf.js";
export { readText } from "./bytes.js";
export { ClockOffset, clockOffset } from "./clock-offset.js";
export { type ClockReading, clocksFunction, clockWord, parseClockLines } from "./clocks.js";
export { connect, localhost } from "./connect.js";
export {
  type CounterOptions,
  cpuFacts,
  hostCounters,
  type IrqAffinityOptions,
  irqAffinity,
  type QueueAffinityOptions,
  queueAffinity,
  softnetCounters,
  stealSummary,
  type ThreadCpuOptions,
  threadCpu,
} from "./counters/index.js";
export { detachedNotes, withDetached } from "./detached.js";
export { deviceName } from "./device-name.js";
export { detached } from "./exec-end.js";
export { hostFacts } from "./facts.js";
export type { Detached, ExecEnd, ExecOptions, ExecResult, Execution, Host, StartOptions } from "./host.js";
export type { KernelFunction, KernelSnapshot } from "./kernel.js";
export { parseKernelSnapshot } from "./kernel.js";
export { lines, wholeLines } from "./lines.js";
export { linkNames } from "./links.js";
export { loadAwk, loadFunction, loadWord, type NetworkLoad, parseLoad } from "./load.js";
export { inNamespace, namespaceName } from "./namespaces/index.js";
export { type HostResult, HostResults, onAll } from "./on-all.js";
export { connectionText, type Endpoint, type OwnConnection, ownConnection } from "./own-connection.js";
export { readSections } from "./read-sections.js";
export type { Snapshot } from "./sections.js";
export type { ConnectOptions } from "./ssh/options.js";
export { Topology, topology } from "./topology/index.js";
export { WireOrStack, type WireOrStackOptions, wireOrStack } from "./wire/index.js";
