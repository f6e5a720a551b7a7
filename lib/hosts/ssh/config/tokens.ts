import { homedir, hostname as thisHost, userInfo } from "node:os";
import { join } from "node:path";
import { type Place, unreadable, unsupported } from "./line.js";

/** What a connection is known by while tokens are put in. */
export interface Connection {
  /** As it was asked for. */
  original: string;
  hostname: string;
  port: number;
  user: string;
  hostKeyAlias: string | undefined;
  jump: string | undefined;
}

/** What each token stands for (ssh_config(5), TOKENS). */
export function tokensOf(connection: Connection): Record<string, string> {
  const { original, hostname, port, user, hostKeyAlias, jump = "" } = connection;
  const machine = thisHost();
  return {
    d: homedir(),
    h: hostname,
    i: String(userInfo().uid),
    j: jump,
    k: hostKeyAlias ?? original,
    L: machine.split(".")[0] ?? "",
    l: machine,
    n: original,
    p: String(port),
    r: user,
    u: userInfo().username,
  };
}

/** Puts in the tokens that a keyword may have. */
export function withTokens(text: string, tokens: Readonly<Record<string, string>>, place: Place): string {
  return text.replace(/%(.?)/gs, (_, letter: string) => {
    if (letter === "%") return "%";
    const value = Object.hasOwn(tokens, letter) ? tokens[letter] : undefined;
    if (value !== undefined) return value;
    if (letter === "C") throw unsupported(place, "%C differs between versions of OpenSSH");
    throw unreadable(place, `%${letter} is no token here`);
  });
}

/** A file's path: `~`, environment variables as `${NAME}`, and tokens. */
export function pathOf(text: string, tokens: Readonly<Record<string, string>>, place: Place): string {
  const parts = fromHome(text, place).split(/(\$\{[^}]*\})/);
  // What a variable or a token holds is not looked through again.
  return parts
    .map((part, index) => (index % 2 === 1 ? variable(part, place) : withTokens(part, tokens, place)))
    .join("");
}

/** A file's path with `~` alone. */
export function fromHome(text: string, place: Place): string {
  if (text === "~" || text.startsWith("~/")) return join(homedir(), text.slice(1));
  if (text.startsWith("~")) throw unsupported(place, "the home of another user is not looked up");
  return text;
}

function variable(part: string, place: Place): string {
  const name = part.slice(2, -1);
  const value = process.env[name];
  if (value === undefined) throw unreadable(place, `the environment has no ${name}`);
  return value;
}
