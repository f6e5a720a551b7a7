export { attachTo } from "./bpftrace/attach-to.js";
export { atReturn, isWithin, keepForReturn, readThread } from "./bpftrace/calls.js";
export { isMeasuring } from "./bpftrace/ending.js";
export {
  bpftrace,
  Fragment,
  inPrefix,
  integer,
  ipVersion,
  isPrefix,
  joined,
  plainName,
} from "./bpftrace/program.js";
export type { ProgramRecord } from "./bpftrace/records.js";
export { countCall, emitRow, rowWord } from "./bpftrace/signs-of-life.js";
export { defineProbe, type Probe } from "./define.js";
export type { DecodeContext, EndContext, Maps, ProbeDefinition } from "./definition.js";
export { ProbeError } from "./error.js";
export type { Hook, Hooks } from "./hooks.js";
export type { CommonParameters } from "./parameters.js";
export { checkProbe } from "./preflight.js";
export type { Target, Tracepoint } from "./target.js";
