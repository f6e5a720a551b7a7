/** JSON, as it stands in a case. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * What identifies a run. A replay answers a request with the recording of an equal one and with nothing else,
 * so `params` holds all that changes the bytes, and nothing that differs between two machines (paths, pids).
 */
export interface RunRequest {
  /** Which room acquired it. */
  kind: "snapshot" | "exec" | "probe" | "capture" | "file" | "tshark" | "answer" | "sockets";
  /** What ran: a probe's name, a tool's name. */
  name: string;
  /** The host's name as the notebook gave it, or `localhost`. */
  host: string;
  params: { [key: string]: Json };
}

/**
 * A run under way, live or replayed. Whoever starts one reads `bytes` to the end (or calls `return()` on its
 * iterator, which cancels the run) and then awaits `outcome`.
 */
export interface Run<Outcome = Json> {
  /** The raw bytes that the run produced, in order. */
  bytes: AsyncIterable<Uint8Array>;
  /** How it ended, as JSON. It rejects only where there is no result at all. */
  outcome: Promise<Outcome>;
}

/** A run that may have been recorded: `recordingId` names its recording in the case, null without a case. */
export interface RecordedRun<Outcome = Json> extends Run<Outcome> {
  recordingId: string | null;
}
