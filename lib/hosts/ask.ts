import { lastLine } from "./bytes.js";
import { drained } from "./drained.js";
import type { Transport } from "./transport.js";
import { type Patience, within } from "./wait.js";

/** What a short command of skbook's own said. */
export interface Said {
  /** The last line on stdout; login scripts may have said something before it. */
  line: string;
  exitCode: number | null;
}

/**
 * Runs a command that is over in moments, without a lease, and waits for its end as long as patience allows.
 *
 * @param tried what it is for, as errors say it.
 * @param input goes to its stdin.
 * @throws SkbookError `DEADLINE`, and the transport's own.
 */
export async function ask(
  transport: Transport,
  command: readonly string[],
  tried: string,
  patience: Patience,
  input = "",
): Promise<Said> {
  const channel = await transport.open(command, "check", patience);
  channel.stdin.on("error", () => {});
  channel.stdin.end(input);
  channel.stderr.resume();
  const answer = async () => ({
    line: await lastLine(drained(channel.stdout), tried),
    exitCode: (await channel.end).exitCode,
  });
  return within(answer(), tried, patience, () => channel.destroy());
}
