import { sudoPassword } from "../cell/index.js";
import { SkbookError } from "../errors/index.js";
import { ask, type Said } from "./ask.js";
import type { Transport } from "./transport.js";

/** What makes a command line run as root: words before it, and what sudo reads from stdin. */
export interface Elevation {
  prefix: readonly string[];
  input: string;
}

export const asUser: Elevation = { prefix: [], input: "" };

/**
 * Asks for the password of sudo; skbook keeps it in memory for the connection and writes it nowhere. The signal is raised when nobody waits for
 * the answer any more.
 */
export type AskPassword = (host: string, signal: AbortSignal) => string | Promise<string>;

/** By this process's clock; the host's own limit for sudo is shorter. */
const patienceSeconds = 25;

/**
 * Finds out how commands become root on a host: already, by sudo alone, or by sudo with a password.
 *
 * @throws SkbookError `ROOT_NEEDED`, `DEADLINE`, and the transport's own.
 */
export async function elevate(
  host: string,
  transport: Transport,
  signal: AbortSignal,
  password?: AskPassword,
): Promise<Elevation> {
  const run = (command: readonly string[], input = ""): Promise<Said> =>
    ask(transport, command, `become root on ${host}`, { seconds: patienceSeconds }, input);
  // On a line of its own, whatever login scripts say.
  if ((await run(["sh", "-c", "echo; id -u"])).line === "0") return asUser;
  if ((await run(["timeout", "20", "sudo", "-n", "true"])).exitCode === 0)
    return { prefix: ["sudo", "-n", "--"], input: "" };
  const known = (await password?.(host, signal)) ?? sudoPassword();
  signal.throwIfAborted();
  if (known === undefined) {
    throw noRoot(host, "the user is not root, and sudo asks for a password");
  }
  const elevation = { prefix: ["sudo", "-S", "-p", "", "--"], input: `${known}\n` };
  const tried = await run(["timeout", "20", ...elevation.prefix, "true"], elevation.input);
  if (tried.exitCode !== 0) throw noRoot(host, "sudo refused the password, or the user may not use sudo");
  return elevation;
}

function noRoot(host: string, failed: string): SkbookError {
  return new SkbookError({
    code: "ROOT_NEEDED",
    tried: `become root on ${host}`,
    failed,
    todo: "connect as root, allow sudo without a password, or give sudoPassword to connect() or SKBOOK_SUDO_PASSWORD in the environment",
  });
}
