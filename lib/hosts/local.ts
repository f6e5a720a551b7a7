import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { execa } from "execa";
import { refuseInReplay } from "../cases/index.js";
import { sudoPassword } from "../cell/index.js";
import { SkbookError } from "../errors/index.js";
import type { Channel, ChannelEnd, Transport } from "./transport.js";

/** A command that was given up is not waited for any longer than this. */
const closingMs = 2_000;

/** Commands on this machine, in a session of their own so that a terminal's Ctrl-C doesn't reach them. */
export const localTransport: Transport = {
  async open([file, ...args]): Promise<Channel> {
    await refuseInReplay(`run ${file} on this machine`);
    // Before a child gets the environment.
    sudoPassword();
    const child = execa(file as string, args, {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      buffer: false,
      reject: false,
      detached: true,
      cleanup: false,
      // Of who started this process, which commands here don't come by.
      env: { SSH_CONNECTION: undefined },
    });
    if (child.pid === undefined) throw notStarted(file as string, (await child).originalMessage);
    child.stdin.on("error", () => {});
    // execa lets go of what nobody reads at once, and so does Node when the child has ended; here the bytes wait for their reader.
    const stdout = new PassThrough();
    pipeline(child.stdout, stdout).catch(() => {});
    child.stderr.pause();
    let giveUp: () => void = () => {};
    const givenUp = new Promise<ChannelEnd>((resolve) => {
      giveUp = () => resolve({ exitCode: null, signal: null, lost: null });
    });
    const ended = child.then(
      (result): ChannelEnd => ({
        exitCode: result.exitCode ?? null,
        signal: result.signal ?? null,
        lost: null,
      }),
    );
    return {
      stdin: child.stdin,
      stdout,
      stderr: child.stderr,
      end: Promise.race([ended, givenUp]),
      // A child that left the group may still hold the pipes. What came before their end stays there to be read.
      destroy: () => {
        child.kill("SIGKILL");
        if (!child.stdout.readableEnded) stdout.destroy();
        child.stderr.destroy();
        // One that is root's, or waits in the kernel, may not end by it.
        const timer = setTimeout(giveUp, closingMs);
        void ended.then(() => clearTimeout(timer));
      },
    };
  },
  async close() {},
};

/** Nothing runs: no shell in the PATH, a working directory that is gone, no process or file descriptor left. */
function notStarted(file: string, failed = "it could not be started"): SkbookError {
  return new SkbookError({
    code: "COMMAND_NOT_STARTED",
    tried: `run ${file} on this machine`,
    failed,
    todo: "check that the PATH has it, that the working directory exists, and how many processes and open files there are",
  });
}
