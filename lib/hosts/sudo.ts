import { sudoPassword } from "../cell/index.js";
import { SkbookError } from "../errors/index.js";
import { lastLine } from "./bytes.js";
import type { Channel, Transport } from "./transport.js";

/** What makes a command line run as root: words before it, and what sudo reads from stdin. */
export interface Elevation {
  prefix: readonly string[];
  input: string;
}

export const asUser: Elevation = { prefix: [], input: "" };

/** Asks for the password of sudo; skbook keeps it in memory for the connection and writes it nowhere. */
export type AskPassword = (host: string) => string | Promise<string>;

/** Finds out how commands become root on a host: already, by sudo alone, or by sudo with a password. */
export async function elevate(host: string, transport: Transport, ask?: AskPassword): Promise<Elevation> {
  if ((await run(transport, ["id", "-u"])).output === "0") return asUser;
  if ((await run(transport, ["timeout", "20", "sudo", "-n", "true"])).exitCode === 0)
    return { prefix: ["sudo", "-n", "--"], input: "" };
  const password = (await ask?.(host)) ?? sudoPassword();
  if (password === undefined) {
    throw noRoot(host, "the user is not root, and sudo asks for a password");
  }
  const elevation = { prefix: ["sudo", "-S", "-p", "", "--"], input: `${password}\n` };
  const tried = await run(transport, ["timeout", "20", ...elevation.prefix, "true"], elevation.input);
  if (tried.exitCode !== 0) throw noRoot(host, "sudo refused the password, or the user may not use sudo");
  return elevation;
}

async function run(
  transport: Transport,
  command: string[],
  input = "",
): Promise<{ output: string; exitCode: number | null }> {
  const channel: Channel = await transport.open(command, "check");
  channel.stdin.end(input);
  channel.stderr.resume();
  return { output: await lastLine(channel.stdout), exitCode: (await channel.end).exitCode };
}

function noRoot(host: string, failed: string): SkbookError {
  return new SkbookError({
    code: "ROOT_NEEDED",
    tried: `become root on ${host}`,
    failed,
    todo: "connect as root, allow sudo without a password, or give sudoPassword to connect() or SKBOOK_SUDO_PASSWORD in the environment",
  });
}
