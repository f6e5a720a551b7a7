import { interrupted } from "../cell/index.js";
import { SkbookError } from "../errors/index.js";
import {
  type ExecEnd,
  type Execution,
  type Host,
  readText,
  type StartOptions,
  withDetached,
} from "../hosts/index.js";

const answerBytes = 100_000;

/** What a short command on a host printed, and how it ended. */
export interface Answer {
  text: string;
  stderr: string;
  exitCode: number | null;
}

/**
 * Asks a host something that is said in a few lines.
 *
 * @param tried what for, as errors say it: `open /a.pcap on h1`.
 * @throws SkbookError `CONNECTION_LOST`, `LEASE_EXPIRED`, `INTERRUPTED`: no answer is never taken for an empty one.
 */
export async function answerOf(
  host: Host,
  command: readonly string[],
  tried: string,
  options: StartOptions = {},
): Promise<Answer> {
  return answerTo(host.start(command, { session: "exec", ...options }), tried);
}

/** The same for a command that was started already. */
export async function answerTo(execution: Execution, tried: string): Promise<Answer> {
  const text = await readText(execution, answerBytes, tried);
  const ended = await execution.ended;
  checkEnd(ended, tried);
  return { text, stderr: ended.stderr.trim(), exitCode: ended.exitCode };
}

/** Fails where a command didn't come to its own end. */
export function checkEnd(end: ExecEnd, tried: string): void {
  const { canceled, connectionLost, leaseExpired } = end;
  if (canceled) throw new SkbookError(withDetached(end.host, end, interrupted(tried)));
  if (!connectionLost && !leaseExpired) return;
  throw new SkbookError({
    code: leaseExpired ? "LEASE_EXPIRED" : "CONNECTION_LOST",
    tried,
    failed: leaseExpired
      ? "the notebook's process was too busy to renew the lease for 4 s, so the command was killed"
      : "the connection broke before the command had ended",
    todo: "run the cell again; nothing on the host was changed",
  });
}
