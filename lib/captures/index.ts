import "./packet-source.js";

export { clientPorts, content as packetContent, stepNs, untimedSql } from "./base/index.js";
export type { Capture } from "./capture.js";
export type { CaptureFacts } from "./facts.js";
export { type CaptureOptions, capture } from "./live/index.js";
export { malformed } from "./malformed.js";
export { openCapture, type RemoteFile } from "./open.js";
export {
  dissect,
  integer,
  packetColumnsOf,
  packetSettings,
  packets,
  text,
  type Wanted,
} from "./packets/index.js";
export type { Pass, PassWriter } from "./passes/index.js";
export { type Analysis, type Scope, scopeOf, type TrafficFilter } from "./scope/index.js";
export { readSegmentsBy } from "./segments.js";
export { packetsOf, saveCapture } from "./select/index.js";
