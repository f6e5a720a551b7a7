import { setTimeout as sleep } from "node:timers/promises";
import type { ClientChannel } from "ssh2";
import { reasonOf, SkbookError } from "../../errors/index.js";
import { shellLine } from "../shell.js";
import type { Channel, ChannelEnd, SessionUse, Transport } from "../transport.js";
import { type Patience, within } from "../wait.js";
import type { Connection } from "./connection.js";
import { AllHang, type Session, Sessions } from "./sessions.js";

/** sshd counts a session for a moment after its channel has closed, so that the next may be refused: then try again after so long. */
const pausesMs = [20, 100, 500, 2000];
/** A channel that was given up, or a connection that was closed, is not waited for any longer than this. */
const closingMs = 2_000;
/** A connection on which a session isn't even opened for so long, after nobody waits for it any more, is none. */
const silentMs = 10_000;

/** Commands over one SSH connection, without a pty: stdout and stderr stay apart and unchanged. */
export class SshTransport implements Transport {
  private readonly sessions = new Sessions();
  private lost: string | null = null;

  constructor(
    private readonly name: string,
    private readonly connection: Connection,
  ) {
    const { client } = connection;
    client.on("error", (error) => {
      this.lost = error.message;
    });
    client.on("close", () => {
      this.lost ??= "the connection was closed";
    });
  }

  async open(command: readonly string[], use: SessionUse, patience: Patience): Promise<Channel> {
    const session = await this.sessions.take(use, patience.signal).catch((error) => {
      throw error instanceof AllHang ? this.allHang() : error;
    });
    const opening = this.exec(shellLine(command), patience.signal);
    opening.then(
      (channel) => channel.once("close", () => session.giveBack()),
      () => session.giveBack(),
    );
    const tried = `open a session on ${this.name}`;
    const channel = await within(opening, tried, patience, () => this.letGo(opening, session));
    return this.channelOf(channel, session);
  }

  async close(): Promise<void> {
    if (this.lost !== null) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.destroy("it did not answer when it was closed"), closingMs);
      const { client } = this.connection;
      client.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      client.end();
    });
  }

  private destroy(why: string): void {
    this.lost ??= why;
    this.connection.destroy();
  }

  /** Of a session that nobody waits for any more: what comes late is closed; where nothing comes, the connection is none. */
  private letGo(opening: Promise<ClientChannel>, session: Session): void {
    const timer = setTimeout(() => this.destroy("it did not answer"), silentMs);
    opening
      .then(
        (channel) => this.channelOf(channel, session).destroy(),
        () => {},
      )
      .finally(() => clearTimeout(timer));
  }

  private channelOf(channel: ClientChannel, session: Session): Channel {
    let given = false;
    let closed = false;
    let resolve: (end: ChannelEnd) => void = () => {};
    const end = new Promise<ChannelEnd>((settle) => {
      resolve = settle;
    });
    let exit: ChannelEnd | undefined;
    channel.on("error", () => {});
    channel.stderr.on("error", () => {});
    channel.on("exit", (code: number | null, signal?: string) => {
      exit = { exitCode: code, signal: signal ?? null, lost: null };
    });
    const over = () => {
      // A session that was given up ends without an exit status, too.
      resolve(exit ?? { exitCode: null, signal: null, lost: this.lost });
    };
    channel.once("close", () => {
      closed = true;
      over();
    });
    return {
      stdin: channel,
      stdout: channel,
      stderr: channel.stderr,
      end,
      destroy: () => {
        if (given || closed) return;
        given = true;
        channel.destroy();
        const timer = setTimeout(() => {
          // sshd keeps a session for as long as its command runs.
          session.hangs();
          for (const stream of [channel, channel.stderr]) if (!stream.readableEnded) stream.push(null);
          over();
        }, closingMs);
        channel.once("close", () => clearTimeout(timer));
      },
    };
  }

  private async exec(line: string, signal?: AbortSignal): Promise<ClientChannel> {
    for (const pause of pausesMs) {
      try {
        return await this.execOnce(line);
      } catch (error) {
        if (!(error instanceof SkbookError && error.code === "SESSION_REFUSED")) throw error;
        await sleep(pause, undefined, { signal });
      }
    }
    return await this.execOnce(line);
  }

  private execOnce(line: string): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      const fail = (failed: string) => {
        const refused = this.lost === null && failed.includes("open failed");
        reject(
          new SkbookError({
            code: refused ? "SESSION_REFUSED" : "CONNECTION_LOST",
            tried: `open a session on ${this.name}`,
            failed,
            todo: refused ? "run fewer things at once: sshd's MaxSessions is lower there" : "connect() again",
          }),
        );
      };
      if (this.lost !== null) return fail(this.lost);
      try {
        this.connection.client.exec(line, { pty: false }, (error, channel) => {
          if (error) fail(error.message);
          else resolve(channel);
        });
      } catch (error) {
        // The socket has ended, which ssh2 tells of a moment later.
        fail(reasonOf(error));
      }
    });
  }

  private allHang(): SkbookError {
    return new SkbookError({
      code: "SESSION_REFUSED",
      tried: `open a session on ${this.name}`,
      failed:
        "all sessions of its connection hang: what was started in them was given up, and sshd has not closed one",
      todo: "see what hangs on the host (login scripts, disks), then connect() again",
    });
  }
}
