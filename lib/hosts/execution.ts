import { type Readable, Transform } from "node:stream";
import { finished } from "node:stream/promises";
import { SkbookError } from "../errors/index.js";
import { ask } from "./ask.js";
import { drained } from "./drained.js";
import { hideAllBut } from "./hidden.js";
import type { Detached, ExecEnd, Execution, StartOptions } from "./host.js";
import {
  beatMilliseconds,
  beatWord,
  beginLine,
  endWord,
  expiredLine,
  groupCheck,
  leased,
  leaseLine,
  stopWord,
} from "./lease.js";
import { asUser, type Elevation } from "./sudo.js";
import type { Channel, ChannelEnd, Transport } from "./transport.js";
import { mostSeconds, noAnswer, type Patience } from "./wait.js";

const defaultDeadlineSeconds = 60;
const maxStderrBytes = 2 ** 20;
/** Login scripts that say more than this before a command make it fail. */
const maxNoiseBytes = 64 * 2 ** 10;
/** Linux takes no longer word of a command (execve(2): MAX_ARG_STRLEN), its end included. */
const maxWordBytes = 2 ** 17 - 1;
/** A command that was told to stop is given up after so long, and its session with it. */
const giveUpMilliseconds = 5_000;
/** One that did not even begin has nothing to say. */
const unbegunMilliseconds = 2_000;
/** The host keeps the deadline; what is still there so long after it is ended from here. */
const graceSeconds = 4;
/** It may have begun this long before this process, which was busy or waited for a session, heard of it. */
const mostUnheardMs = 500;
/** The check of a process group takes 5 s at most. */
const proofSeconds = 10;

/** Whether a command's process group is gone, and whether the connection was gone when that was asked. */
interface Proof {
  detached: Detached;
  lost: boolean;
}

const outOfReach: Proof = { detached: "unknown", lost: true };

/** One command under a lease; see lease.ts for the half of it that runs on the host. */
export class LeasedExecution implements Execution {
  readonly ended: Promise<ExecEnd>;
  private readonly channel: Promise<Channel>;
  private startedAt = performance.now();
  /** How much earlier than that the command may have begun. */
  private unheardMs = 0;
  /** Ends a wait for a session. */
  private readonly unwanted = new AbortController();
  private readonly deadlineSeconds: number;
  private elevated = asUser;
  private group: string | undefined;
  private stderr = "";
  private canceled = false;
  private stopping = false;
  /** The deadline passed before the host had begun. */
  private late = false;
  private stderrRead: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly host: string,
    private readonly transport: Transport,
    private readonly elevation: (tried: string, patience: Patience) => Promise<Elevation>,
    private readonly command: readonly string[],
    private readonly options: StartOptions,
  ) {
    this.deadlineSeconds = options.deadlineSeconds ?? defaultDeadlineSeconds;
    this.channel = this.open();
    this.ended = this.follow();
    this.ended.catch(() => {});
    hideAllBut(this, ["host", "command"]);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const { stdout } = await this.channel;
    let complete = false;
    try {
      yield* ownBytes(drained(stdout));
      complete = true;
    } catch (error) {
      // The connection broke: `ended` says so.
      if ((error as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
      complete = true;
    } finally {
      if (!complete) {
        this.stop();
        await this.ended;
      }
    }
  }

  stop(): void {
    if (this.stopping) return;
    this.stopping = true;
    this.unwanted.abort();
    this.channel.then(
      (channel) => {
        if (channel.stdin.writable) channel.stdin.write(stopWord);
        const patience = this.group === undefined ? unbegunMilliseconds : giveUpMilliseconds;
        const timer = setTimeout(() => channel.destroy(), patience);
        channel.end.finally(() => clearTimeout(timer));
      },
      () => {},
    );
  }

  end(): void {
    this.unwanted.abort();
    this.channel.then(
      ({ stdin }) => stdin.writable && !this.stopping && stdin.write(endWord),
      () => {},
    );
  }

  private async open(): Promise<Channel> {
    this.checkWords();
    this.checkDeadline();
    const { session = "run", signal: own } = this.options;
    const signal = AbortSignal.any([this.unwanted.signal, ...(own === undefined ? [] : [own])]);
    const patience = { seconds: this.deadlineSeconds + graceSeconds, signal };
    try {
      this.elevated = await this.elevation(this.tried, patience);
      const { prefix, input } = this.elevated;
      signal.throwIfAborted();
      const words = [...prefix, ...leased(this.command, this.deadlineSeconds)];
      const opening = performance.now();
      const channel = await this.transport.open(words, session, patience);
      this.startedAt = performance.now();
      this.unheardMs = Math.min(this.startedAt - opening, mostUnheardMs);
      channel.stdin.on("error", () => {});
      channel.stdin.write(input);
      this.readStderr(channel.stderr);
      return channel;
    } catch (error) {
      throw signal.aborted ? this.neverStarted() : error;
    }
  }

  private async follow(): Promise<ExecEnd> {
    const channel = await this.channel;
    const beat = setInterval(() => {
      if (channel.stdin.writable) channel.stdin.write(beatWord);
    }, beatMilliseconds);
    const backstop = setTimeout(
      () => {
        this.late = this.group === undefined && !this.stopping;
        if (this.late) channel.destroy();
        else this.stop();
      },
      (this.deadlineSeconds + graceSeconds) * 1_000,
    );
    const cancel = () => {
      this.canceled = true;
      this.stop();
    };
    if (this.options.signal?.aborted) cancel();
    this.options.signal?.addEventListener("abort", cancel, { once: true });
    try {
      const end = await channel.end;
      if (end.lost === null) await this.stderrRead;
      return await this.result(end);
    } finally {
      clearInterval(beat);
      clearTimeout(backstop);
      this.options.signal?.removeEventListener("abort", cancel);
      channel.destroy();
    }
  }

  private async result(end: ChannelEnd): Promise<ExecEnd> {
    const durationMs = Math.round(performance.now() - this.startedAt);
    if (this.group === undefined && end.lost === null) throw this.notBegun(end);
    const leaseExpired = end.lost === null && this.stderr.includes(expiredLine);
    const { detached, lost } = end.lost === null ? await this.prove() : outOfReach;
    const unknown = end.exitCode === null && end.signal === null;
    const past = durationMs + this.unheardMs >= this.deadlineSeconds * 1_000;
    return {
      host: this.host,
      command: [...this.command],
      stderr: this.stderr.slice(-maxStderrBytes).replace(expiredLine, ""),
      exitCode: leaseExpired ? null : end.exitCode,
      timedOut: past && (end.exitCode === null || end.exitCode === 124 || end.exitCode === 137),
      canceled: this.canceled,
      leaseExpired,
      connectionLost: unknown && lost,
      durationMs,
      detached,
      group: this.group === undefined ? null : Number(this.group),
    };
  }

  /** Looks for the process group through a channel of its own, which shows, too, whether the connection still stands. */
  private async prove(): Promise<Proof> {
    const patience = { seconds: proofSeconds };
    try {
      const { prefix, input } = this.elevated;
      const command = [...prefix, ...groupCheck(this.group as string)];
      const { line } = await ask(this.transport, command, this.tried, patience, input);
      if (line === "gone") return { detached: "proved", lost: false };
      return { detached: line === "alive" ? "alive" : "unknown", lost: false };
    } catch (error) {
      return { detached: "unknown", lost: error instanceof SkbookError && error.code === "CONNECTION_LOST" };
    }
  }

  /** Takes the lease's own line off stderr; the rest is the command's. */
  private readStderr(stderr: Readable): void {
    let head = "";
    const own = new Transform({
      transform: (chunk: Buffer, _encoding, next) => {
        if (this.group !== undefined) return next(null, chunk);
        // Only the last line can still become the lease's: what stands before it is looked at once.
        const line = head.lastIndexOf("\n") + 1;
        head += chunk.toString("latin1");
        const found = leaseLine.exec(head.slice(line));
        if (found === null && head.length < maxNoiseBytes) return next();
        this.group = found?.[1];
        next(null, Buffer.from(head.slice(0, line) + head.slice(line).replace(leaseLine, ""), "latin1"));
        head = "";
      },
      flush(done) {
        done(null, Buffer.from(head, "latin1"));
      },
    });
    own.setEncoding("utf8");
    own.on("data", (text: string) => {
      this.stderr += text;
      if (this.stderr.length > 2 * maxStderrBytes) this.stderr = this.stderr.slice(-maxStderrBytes);
      this.options.onStderr?.(text);
    });
    this.stderrRead = finished(own).catch(() => {});
    // Also where it is given up without an end.
    finished(stderr).then(
      () => {},
      () => own.end(),
    );
    stderr.pipe(own);
  }

  /** What no kernel can be given: its own error would not name the argument. */
  private checkWords(): void {
    for (const word of this.command) {
      const bytes = Buffer.byteLength(word);
      if (bytes <= maxWordBytes && !word.includes("\0")) continue;
      throw new SkbookError({
        code: "BAD_PARAMETER",
        tried: this.tried,
        failed:
          bytes > maxWordBytes
            ? `one of its arguments has ${bytes} bytes`
            : "one of its arguments has a null byte",
        todo: `give a filter, name or path without null bytes, of less than ${maxWordBytes} bytes`,
      });
    }
  }

  /** The host's timeout takes 0 for none, and this process's timers a time that is too long for none at all. */
  private checkDeadline(): void {
    if (this.deadlineSeconds > 0 && this.deadlineSeconds <= mostSeconds) return;
    throw new SkbookError({
      code: "BAD_PARAMETER",
      tried: this.tried,
      failed: `deadlineSeconds is ${this.deadlineSeconds}`,
      todo: `give more than 0, and ${mostSeconds} (23 days) at most`,
    });
  }

  private get tried(): string {
    return `run ${this.command[0]} on ${this.host}`;
  }

  /** The session ended before its process group was known. */
  private notBegun(end: ChannelEnd): SkbookError {
    if (this.late) return noAnswer(this.tried, this.deadlineSeconds + graceSeconds);
    return this.stopping ? this.neverStarted() : this.notStarted(end);
  }

  private neverStarted(): SkbookError {
    return new SkbookError({
      code: "INTERRUPTED",
      tried: this.tried,
      failed: "it was told to end before it was started",
      todo: "run the cell again",
    });
  }

  private notStarted(end: ChannelEnd): SkbookError {
    return new SkbookError({
      code: "COMMAND_NOT_STARTED",
      tried: this.tried,
      failed: `the shell ended with ${end.exitCode ?? end.signal}: ${this.stderr.trim() || "it said nothing"}`,
      todo: "see whether the login shell of the user runs commands, and whether sh, setsid and timeout are installed",
    });
  }
}

/** What the command itself wrote: login scripts may have written before it. */
async function* ownBytes(stdout: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
  let noise: Buffer | null = Buffer.alloc(0);
  for await (const chunk of stdout) {
    if (noise === null) {
      yield chunk;
      continue;
    }
    const seen: Buffer = Buffer.concat([noise, chunk]);
    const begin = seen.indexOf(beginLine);
    noise = begin < 0 ? seen.subarray(-maxNoiseBytes) : null;
    const own = begin < 0 ? undefined : seen.subarray(begin + beginLine.length);
    if (own !== undefined && own.length > 0) yield own;
  }
}
