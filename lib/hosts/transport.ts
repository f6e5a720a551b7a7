import type { Readable, Writable } from "node:stream";
import type { Patience } from "./wait.js";

/** How a command's channel ended. */
export interface ChannelEnd {
  exitCode: number | null;
  signal: string | null;
  /** The connection broke before the end was known: why. */
  lost: string | null;
}

/** A started command: three streams and an end that never rejects. */
export interface Channel {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  end: Promise<ChannelEnd>;
  /** Gives the channel up, whatever the command and the host do: its streams and `end` come to an end within moments. */
  destroy(): void;
}

/**
 * What a command is for, where a connection has only so many sessions: a `run` lasts as long as it is told to (probes, captures), an `exec`
 * comes to its own end, which may take its time; a `check` is skbook's own and over in moments, and what waits for it can't wait.
 */
export type SessionUse = "run" | "exec" | "check";

/** How commands reach a machine: ssh2, execa, or not at all in a replay. */
export interface Transport {
  /** Of a recorded host, on which nothing runs. */
  readonly recorded?: true;
  /**
   * @param patience with the host, once there is a session for the command: its signal ends a wait for a session, too, but not the command.
   * @throws SkbookError `DEADLINE`, `CONNECTION_LOST`, `SESSION_REFUSED`; the signal's reason.
   */
  open(command: readonly string[], use: SessionUse, patience: Patience): Promise<Channel>;
  close(): Promise<void>;
}
