import type { HostBtf } from "./btf/host-btf.js";
import type { KernelSnapshot } from "./kernel.js";
import type { Snapshot } from "./sections.js";
import type { TimeExchange } from "./time-exchange.js";
import type { SessionUse } from "./transport.js";

/** Whether the remote process group was seen to be gone after the run; `unknown` when no check could be made. */
export type Detached = "proved" | "unknown" | "alive";

/** How a command ended: the same fields whether it succeeded or not. */
export interface ExecResult {
  host: string;
  command: string[];
  /** Decoded as UTF-8. */
  stdout: string;
  stderr: string;
  /** null when the command did not end by itself: lost connection, lease or kill. */
  exitCode: number | null;
  /** The deadline ended it. */
  timedOut: boolean;
  /** The caller, or an interrupt of the cell, ended it. */
  canceled: boolean;
  /** No beat reached the host for 4 s, for the process that runs the notebook was busy: the command was killed. */
  leaseExpired: boolean;
  /** The connection broke before the command's end was known. */
  connectionLost: boolean;
  /** From when its connection had a session for it. */
  durationMs: number;
  detached: Detached;
  /** The process group on the host that the command ran in; null where the connection broke before the host had said it. */
  group: number | null;
  /** What the reader must know: where `detached` isn't `proved`, how to look for the process group on the host. */
  notes: string[];
}

/** An {@link ExecResult} without what was streamed or is said of the rest. */
export type ExecEnd = Omit<ExecResult, "stdout" | "notes">;

export interface ExecOptions {
  /**
   * Ends the command on the host after so many seconds, 2,000,000 at most. Default 60. By this process's clock, too, which waits for some seconds more: for the host to
   * answer, to begin it and to say its end. Waiting for a session doesn't count.
   */
  deadlineSeconds?: number;
  /** Ends the command when raised, as an interrupt of the cell does. */
  signal?: AbortSignal;
  /** Run as root, through sudo where the user isn't root. Default false. */
  root?: boolean;
  /** Called with what the command writes to stderr, as it comes. */
  onStderr?: (text: string) => void;
  /** `exec()` fails above so many bytes of stdout. Default 64 MiB; `start()` streams and has no limit. */
  maxBytes?: number;
}

export interface StartOptions extends ExecOptions {
  /**
   * What the command is for, where its connection has only so many sessions; see {@link Host}. Default `run`; `check` is for what is over in
   * moments, else it keeps skbook's own checks waiting.
   */
  session?: SessionUse;
}

/** A command under way: iterate it for the raw bytes of stdout, to the end. */
export interface Execution extends AsyncIterable<Uint8Array> {
  /**
   * Settles when the command ended, all that it said was read or given up, and its process group was checked; never rejects for a non-zero
   * exit.
   */
  readonly ended: Promise<ExecEnd>;
  /** Asks the command to end (SIGTERM, SIGKILL three seconds later); where it waits for a session, it is never started (`INTERRUPTED`). */
  stop(): void;
  /** Asks the command to end (SIGCONT, SIGTERM two to three seconds later), and gives it time to say what it has: 20 s. Else as `stop()`. */
  end(): void;
}

/**
 * A machine that commands run on: over SSH, this one, or a recorded one.
 *
 * sshd allows 10 sessions on a connection. What was started (`start()`: probes, captures) has 7 of them at most, `exec()` what is left of 8, and one
 * is kept for skbook's own checks: proofs of an end, readings of clocks. What is more than that waits. So what a `during` executes gets through
 * whatever else runs, one after the other where 7 probes run at once; for more at the same time, connect() a second time.
 */
export interface Host {
  /** As the notebook gave it (`root@192.0.2.10`), or `localhost`. */
  readonly name: string;
  /** What runs probes there: the path that was given to connect(), else `bpftrace`. */
  readonly bpftrace: string;
  /**
   * Runs a command without a shell and without a pty, in its own process group under a lease: the group is gone
   * within 5 s of a lost connection, an interrupt, the deadline or the death of this process. (A child that starts a session of its own,
   * as daemons do, leaves the group and is not seen.) Not recorded; see {@link Host.exec}.
   *
   * @throws SkbookError from the execution and its `ended`: as {@link Host.exec}, but for `OUTPUT_TOO_LARGE` and what came of an end, which
   *   `ended` says.
   */
  start(command: readonly string[], options?: StartOptions): Execution;
  /**
   * Runs a command to its end and records it in the open case; a replay answers from there. A command that fails, is late or loses its
   * connection is a result; what makes it none is an error, which is what other functions call the host's own.
   *
   * @throws SkbookError `CONNECTION_LOST` or `DEADLINE` before it began, `SESSION_REFUSED` by sshd or since all sessions hang, `ROOT_NEEDED`,
   *   `COMMAND_NOT_STARTED`, `BAD_PARAMETER` for an argument that no kernel takes, `OUTPUT_TOO_LARGE`, `LEASE_EXPIRED`, `INTERRUPTED`; in a replay `NOT_RECORDED`.
   */
  exec(command: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /**
   * Exchanges time stamps with the host, so many times. Not recorded.
   *
   * @throws SkbookError `CLOCK_UNREADABLE`, `INTERRUPTED`, and the host's own.
   */
  exchangeTimes(count: number): Promise<TimeExchange[]>;
  /** Whether commands can run as root there: the user is root, or sudo lets them. */
  canBeRoot(): Promise<boolean>;
  /** What the host says of itself, taken once per connection and case: text by section. */
  snapshot(): Promise<Snapshot>;
  /** What its kernel lets be traced: functions, tracepoints, configuration. Taken once per connection and case, when first asked for. */
  kernel(): Promise<KernelSnapshot>;
  /**
   * How its kernel lays out structs: from the file given to connect(), else as its own BTF says, with those of loaded modules that are asked
   * for. Each is taken once per connection, and kept on this machine for the next one. Not recorded: null in a replay, and where there is no BTF.
   *
   * @throws SkbookError `BTF_UNREADABLE`, `BTF_MISMATCH`, `BIG_ENDIAN`, `BAD_PARAMETER` for what is no module's name, and the host's own.
   */
  btf(options?: { modules?: readonly string[] }): Promise<HostBtf | null>;
  /** Lets the host be asked again: something was installed, mounted or allowed there. */
  forget(): void;
  close(): Promise<void>;
}
