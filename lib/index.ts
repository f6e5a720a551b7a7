export * from "../probes/index.js";
export { ask, askSecret } from "./ask.js";
export * from "./captures/index.js";
export { type CaseReport, live, record, replay, verifyCase } from "./cases/index.js";
export type { Cell, MimeBundle } from "./cell.js";
export { clearOutput, display, page } from "./display.js";
export { SkbookError } from "./errors.js";
export {
  type DropsByReasonOptions,
  type DropsOverTimeOptions,
  dropsByReason,
  dropsOverTime,
  Figure,
  type FigureSpec,
  type FlowTimelineOptions,
  flowTimeline,
  plot,
  type TopologyFigureOptions,
  topologyFigure,
} from "./figures/index.js";
export type { Finding, Findings, Health, Severity } from "./findings/index.js";
export {
  type ConnectOptions,
  type CounterOptions,
  connect,
  type ExecOptions,
  type ExecResult,
  type Execution,
  type Host,
  hostFacts,
  interfaceCounters,
  localhost,
  Topology,
  topology,
} from "./hosts/index.js";
export {
  bpftrace,
  type CommonParameters,
  type DecodeContext,
  defineProbe,
  emitRow,
  Fragment,
  type Hooks,
  inPrefix,
  integer,
  ipVersion,
  isPrefix,
  joined,
  type Probe,
  type ProbeDefinition,
  ProbeError,
  type ProgramRecord,
  plainName,
  rowWord,
  type Target,
  type Tracepoint,
} from "./probes/index.js";
export {
  type Column,
  type ColumnType,
  createFrame,
  createTable,
  type Frame,
  type Provenance,
  sql,
  type Table,
  type TableWriter,
  unixNanoseconds,
  type Value,
} from "./tables/index.js";
