import type { Readable, Writable } from "node:stream";

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
  /** Gives the channel up, whatever the command does. */
  destroy(): void;
}

/** How commands reach a machine: ssh2, execa, or not at all in a replay. */
export interface Transport {
  open(command: readonly string[]): Promise<Channel>;
  close(): Promise<void>;
}
