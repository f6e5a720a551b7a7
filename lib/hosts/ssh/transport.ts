import { setTimeout as sleep } from "node:timers/promises";
import type { Client, ClientChannel } from "ssh2";
import { reasonOf, SkbookError } from "../../errors/index.js";
import { shellLine } from "../shell.js";
import type { Channel, ChannelEnd, SessionUse, Transport } from "../transport.js";
import { Sessions } from "./sessions.js";

/** sshd counts a session for a moment after its channel has closed, so that the next may be refused: then try again after so long. */
const pausesMs = [20, 100, 500, 2000];

/** Commands over one SSH connection, without a pty: stdout and stderr stay apart and unchanged. */
export class SshTransport implements Transport {
  private readonly sessions = new Sessions();
  private lost: string | null = null;

  constructor(
    private readonly name: string,
    private readonly client: Client,
  ) {
    client.on("error", (error) => {
      this.lost = error.message;
    });
    client.on("close", () => {
      this.lost ??= "the connection was closed";
    });
  }

  async open(command: readonly string[], use: SessionUse, signal?: AbortSignal): Promise<Channel> {
    const giveBack = await this.sessions.take(use, signal);
    try {
      const channel = await this.exec(shellLine(command), signal);
      const ending = this.endOf(channel);
      ending.finally(giveBack);
      return {
        stdin: channel,
        stdout: channel,
        stderr: channel.stderr,
        end: ending,
        destroy: () => channel.destroy(),
      };
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.lost !== null) return;
    await new Promise<void>((resolve) => {
      this.client.once("close", () => resolve());
      this.client.end();
    });
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
        this.client.exec(line, { pty: false }, (error, channel) => {
          if (error) fail(error.message);
          else resolve(channel);
        });
      } catch (error) {
        // The socket has ended, which ssh2 tells of a moment later.
        fail(reasonOf(error));
      }
    });
  }

  private endOf(channel: ClientChannel): Promise<ChannelEnd> {
    return new Promise((resolve) => {
      let end: ChannelEnd | undefined;
      channel.on("error", () => {});
      channel.on("exit", (code: number | null, signal?: string) => {
        end = { exitCode: code, signal: signal ?? null, lost: null };
      });
      channel.on("close", () => {
        resolve(
          // A session that was given up ends without an exit status, too.
          end ?? { exitCode: null, signal: null, lost: this.lost },
        );
      });
    });
  }
}
