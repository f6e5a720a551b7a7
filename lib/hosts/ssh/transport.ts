import pLimit from "p-limit";
import type { Client, ClientChannel } from "ssh2";
import { SkbookError } from "../../errors.js";
import { shellLine } from "../shell.js";
import type { Channel, ChannelEnd, Transport } from "../transport.js";

/** sshd allows 10 sessions on a connection (MaxSessions); two are left for the user's own. */
const maxSessions = 8;

/** Commands over one SSH connection, without a pty: stdout and stderr stay apart and unchanged. */
export class SshTransport implements Transport {
  private readonly sessions = pLimit(maxSessions);
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

  async open(command: readonly string[]): Promise<Channel> {
    return new Promise((resolve, reject) => {
      this.sessions(async () => {
        const channel = await this.exec(shellLine(command)).catch(reject);
        if (channel === undefined) return;
        const ending = this.endOf(channel);
        resolve({
          stdin: channel,
          stdout: channel,
          stderr: channel.stderr,
          end: ending,
          destroy: () => channel.destroy(),
        });
        await ending;
      });
    });
  }

  async close(): Promise<void> {
    if (this.lost !== null) return;
    await new Promise<void>((resolve) => {
      this.client.once("close", () => resolve());
      this.client.end();
    });
  }

  private exec(line: string): Promise<ClientChannel> {
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
      this.client.exec(line, { pty: false }, (error, channel) => {
        if (error) fail(error.message);
        else resolve(channel);
      });
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
          end ?? {
            exitCode: null,
            signal: null,
            lost: this.lost ?? "the session ended without an exit status",
          },
        );
      });
    });
  }
}
