export type { Json, RecordedRun, Run, RunRequest } from "./request.js";
export {
  live,
  openCase,
  record,
  recordedRun,
  refuseInReplay,
  replay,
  replaying,
  replayOrMeasure,
  sessionKey,
} from "./session.js";
export { type CaseReport, verifyCase } from "./verify.js";
