export * from "../probes/index.js";
export * from "./analyses/index.js";
export {
  type Capture,
  type CaptureFacts,
  type CaptureOptions,
  capture,
  malformed,
  openCapture,
  packets,
  packetsOf,
  type RemoteFile,
  saveCapture,
  type TrafficFilter,
} from "./captures/index.js";
export { type CaseReport, live, record, replay, replayOrMeasure, verifyCase } from "./cases/index.js";
export type { Cell, MimeBundle } from "./cell/index.js";
export { clearOutput, display, Html, html, Markdown, md, page, Svg, svg } from "./cell/index.js";
export { SkbookError } from "./errors/index.js";
export {
  type ConversationTimelineOptions,
  conversationTimeline,
  type DropSankeyOptions,
  type DropsByReasonOptions,
  type DropsBySiteOptions,
  type DropsOverTimeOptions,
  dropSankey,
  dropsByReason,
  dropsBySite,
  dropsOverTime,
  Figure,
  type FigureSpec,
  type FlowTimelineOptions,
  flowTimeline,
  type IoGraphOptions,
  ioGraph,
  type LatencyEcdfOptions,
  type LatencyOverTimeOptions,
  latencyEcdf,
  latencyOverTime,
  type PacketLadderOptions,
  packetLadder,
  plot,
  type RttOverTimeOptions,
  rttOverTime,
  type TimeSequenceOptions,
  type TopologyFigureOptions,
  throughputOverTime,
  timeSequence,
  topologyFigure,
  type WindowScalingOptions,
  windowScaling,
} from "./figures/index.js";
export type { Finding, Findings, Health, Severity } from "./findings/index.js";
export { Help, help } from "./help/index.js";
export {
  ClockOffset,
  type ConnectOptions,
  type CounterOptions,
  clockOffset,
  connect,
  type ExecOptions,
  type ExecResult,
  type Execution,
  type Host,
  type HostResult,
  HostResults,
  hostCounters,
  hostFacts,
  localhost,
  onAll,
  softnetCounters,
  type ThreadCpuOptions,
  Topology,
  threadCpu,
  topology,
  WireOrStack,
  type WireOrStackOptions,
  wireOrStack,
} from "./hosts/index.js";
export { ask, askSecret } from "./input/index.js";
export { type CommonParameters, Listing, type Probe, ProbeError } from "./probes/index.js";
export {
  openSocketSamples,
  type SocketFilesOptions,
  type SocketSamplesOptions,
  socketSamples,
} from "./sockets/index.js";
export {
  type Column,
  type ColumnType,
  createFrame,
  createTable,
  type FileOptions,
  type Frame,
  type PacketSource,
  type Provenance,
  sql,
  type Table,
  type TableWriter,
  unixNanoseconds,
  type Value,
} from "./tables/index.js";
