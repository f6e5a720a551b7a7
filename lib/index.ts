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
} from "./figures/index.js";
export type { Finding, Findings, Health, Severity } from "./findings/index.js";
export {
  ClockOffset,
  type ConnectOptions,
  clockOffset,
  connect,
  type ExecOptions,
  type ExecResult,
  type Execution,
  type Host,
  type HostResult,
  HostResults,
  hostFacts,
  localhost,
  onAll,
} from "./hosts/index.js";
export {
  attachTo,
  bpftrace,
  type CommonParameters,
  type DecodeContext,
  defineProbe,
  emitRow,
  Fragment,
  type Hook,
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
