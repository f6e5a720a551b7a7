import { spawn } from "node:child_process";
import { once } from "node:events";
import { userInfo } from "node:os";
import { interrupted, sudoPassword } from "../../../cell/index.js";
import { reasonOf } from "../../../errors/index.js";
import { matchesPattern, matchesPatterns } from "../known-hosts.js";
import { type Line, nextDelimited, type Place, unreadable, unsupported, wordsOf } from "./line.js";
import type { Settings } from "./settings.js";
import { tokensOf, withTokens } from "./tokens.js";

/** What blocks are matched against. */
export interface Subject {
  /** The name as it was asked for. */
  original: string;
  /** What was found so far; with the final pass, of the first one, too. */
  settings: Settings;
  /** The second reading, which `Match final` asks for. */
  final: boolean;
  /** Called when a line asks for that. */
  wantFinal(): void;
  signal: AbortSignal | undefined;
}

const execSeconds = 20;

/** Whether a Host line names the host. Names are told apart by case, as OpenSSH does. */
export function matchesHost({ rest, place }: Line, name: string): boolean {
  let matched = false;
  for (const word of wordsOf(rest, place)) {
    if (word === "") throw unreadable(place, "an empty name after Host");
    const negated = word.startsWith("!");
    if (!matchesPattern(negated ? word.slice(1) : word, name)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

/**
 * Whether all criteria of a Match line hold. A program runs only where those before it do.
 *
 * @param possible false where the line stands in a file that is included for other hosts: then it is only looked at.
 */
export async function matches({ rest, place }: Line, subject: Subject, possible: boolean): Promise<boolean> {
  let result = possible;
  let count = 0;
  for (let [attribute, left] = nextDelimited(rest); ; [attribute, left] = nextDelimited(left)) {
    if (attribute === undefined || attribute === "" || attribute.startsWith("#")) break;
    const negated = attribute.startsWith("!");
    const criterion = attribute.slice(negated ? 1 : 0).toLowerCase();
    if (criterion === "all") {
      const [behind] = nextDelimited(left);
      // Behind one other, as in Fedora's `Match final all`, OpenSSH takes it.
      if (count > 1 || (behind !== undefined && behind !== "" && !behind.startsWith("#")))
        throw unreadable(place, "all can't be combined with other criteria");
      return result && !negated;
    }
    count += 1;
    if (criterion === "final" || criterion === "canonical") {
      if (criterion === "final") subject.wantFinal();
      if (subject.final === negated) result = false;
      continue;
    }
    const [argument, behind] = nextDelimited(left);
    if (argument === undefined || argument === "" || argument.startsWith("#"))
      throw unreadable(place, `nothing stands behind the criterion ${criterion}`);
    left = behind;
    const holds = await holdsFor(criterion, argument, subject, result, place);
    if (holds === negated) result = false;
  }
  if (count === 0) throw unreadable(place, "one or more criteria are missing");
  return result;
}

async function holdsFor(
  criterion: string,
  argument: string,
  subject: Subject,
  needed: boolean,
  place: Place,
): Promise<boolean> {
  const { original, settings } = subject;
  const hostname = hostnameOf(subject);
  const user = settings.one("user") ?? userInfo().username;
  switch (criterion) {
    case "host":
      return matchesPatterns(argument.toLowerCase(), hostname.toLowerCase());
    case "originalhost":
      return matchesPatterns(argument.toLowerCase(), original.toLowerCase());
    case "user":
      return matchesPatterns(argument, user);
    case "localuser":
      return matchesPatterns(argument, userInfo().username);
    case "exec": {
      const port = Number(settings.one("port") ?? 22);
      const hostKeyAlias = settings.one("hostkeyalias") ?? hostname;
      const { j: _, ...tokens } = tokensOf({ original, hostname, port, user, hostKeyAlias, jump: undefined });
      const command = withTokens(argument, tokens, place);
      return needed && (await succeeds(command, subject.signal, place));
    }
  }
  if (!needed) return false;
  throw unsupported(place, `skbook can't tell whether the criterion ${criterion} holds`);
}

function hostnameOf({ original, settings, final }: Subject): string {
  const given = settings.one("hostname");
  if (given === undefined) return original;
  return final ? given : withTokens(given, { h: original }, settings.place("hostname"));
}

/** Whether the user's shell ends a command with 0. Nothing of it is read, and it gets none of skbook's secrets. */
async function succeeds(command: string, signal: AbortSignal | undefined, place: Place): Promise<boolean> {
  // Before a child gets the environment.
  sudoPassword();
  // A group of its own, so that all of it can be ended.
  const child = spawn(process.env.SHELL || "/bin/sh", ["-c", command], {
    stdio: "ignore",
    detached: true,
  });
  const end = () => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  const timer = setTimeout(end, execSeconds * 1_000);
  signal?.addEventListener("abort", end, { once: true });
  try {
    const [code] = (await once(child, "exit")) as [number | null];
    if (code !== null) return code === 0;
  } catch (error) {
    throw unsupported(place, `its command could not be run: ${reasonOf(error)}`);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
  if (signal?.aborted) throw interrupted(`follow ${place}`);
  throw unsupported(place, `its command was killed, or was not over after ${execSeconds} s`);
}
