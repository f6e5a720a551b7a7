import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import SSHConfig from "ssh-config";
import { reasonOf, SkbookError } from "../../errors/index.js";
import { matchesPattern } from "./known-hosts.js";
import type { ConnectOptions } from "./options.js";

/** Where a connection goes and with what, after options, ssh_config and defaults are put together. */
export interface Endpoint {
  /** As the notebook gave it. */
  name: string;
  user: string;
  hostname: string;
  port: number;
  /** The name that known_hosts knows the host by: `host`, `[host]:port` or HostKeyAlias. */
  knownAs: string;
  knownHostsFiles: string[];
  identityFiles: string[];
  agent: string | undefined;
  /** Of the agent's keys, only those that the identity files name. */
  identitiesOnly: boolean;
  jump: string[];
  timeoutSeconds: number;
  compress: boolean;
}

const destination =
  /^(?:(?<user>[^@\s]+)@)?(?:\[(?<v6>[0-9a-fA-F:.%\w]+)\]|(?<host>[^@:\s[\]]+))(?::(?<port>\d{1,5}))?$/;

export async function resolveEndpoint(name: string, options: ConnectOptions): Promise<Endpoint> {
  const parts = destination.exec(name)?.groups;
  const alias = parts?.v6 ?? parts?.host;
  if (parts === undefined || alias === undefined || Number(parts.port ?? 22) > 65_535) {
    throw new SkbookError({
      code: "BAD_DESTINATION",
      tried: `connect to ${JSON.stringify(name)}`,
      failed: "it is not of the form user@host, user@host:port or user@[ipv6]:port",
      todo: "correct the destination; names from ~/.ssh/config work too",
    });
  }
  const config = await readConfig(options.config, alias, parts.user);
  const one = (key: string) => config[key]?.[0];
  const user = parts.user ?? one("user") ?? userInfo().username;
  const hostname = (one("hostname") ?? alias).replaceAll("%h", alias);
  const expand = (path: string) =>
    expandPath(path, { "%d": homedir(), "%h": hostname, "%r": user, "%%": "%" });
  const port = Number(parts.port ?? one("port") ?? 22);
  if (one("proxycommand") !== undefined && one("proxycommand") !== "none") throw noProxyCommand(name);
  const agent = options.agent ?? one("identityagent") ?? process.env.SSH_AUTH_SOCK;
  return {
    name,
    user,
    hostname,
    port,
    knownAs: one("hostkeyalias") ?? (port === 22 ? hostname : `[${hostname}]:${port}`),
    knownHostsFiles: options.knownHosts ?? [
      ...(config.userknownhostsfile ?? ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"]).map(expand),
      ...(config.globalknownhostsfile ?? ["/etc/ssh/ssh_known_hosts"]),
    ],
    identityFiles: (options.identityFiles ?? config.identityfile ?? defaultIdentities()).map(expand),
    identitiesOnly: one("identitiesonly") === "yes",
    agent: agent === false || agent === "none" || agent === "" ? undefined : agent && expand(agent),
    jump: options.jump ?? jumps(one("proxyjump")),
    timeoutSeconds: options.timeoutSeconds ?? Number(one("connecttimeout") ?? 20),
    compress: options.compress ?? one("compression") === "yes",
  };
}

/** Every option as a list of words, by lower-case name. */
async function readConfig(
  file: string | false | undefined,
  alias: string,
  user?: string,
): Promise<Record<string, string[]>> {
  if (file === false) return {};
  const path = file ?? join(homedir(), ".ssh", "config");
  if (file === undefined && !existsSync(path)) return {};
  try {
    const parsed = SSHConfig.parse(await withIncludes(path));
    const computed = parsed.compute({ Host: alias, User: user ?? userInfo().username }, { ignoreCase: true });
    return Object.fromEntries(Object.entries(computed).map(([key, value]) => [key, [value].flat()]));
  } catch (error) {
    throw new SkbookError({
      code: "SSH_CONFIG_UNREADABLE",
      tried: `read ${path}`,
      failed: reasonOf(error),
      todo: "correct the file, give another one as config, or config: false",
      cause: error,
    });
  }
}

/** The text of a configuration with what it includes in place of each Include (ssh_config(5)); `*` and `?` in file names only. */
async function withIncludes(path: string, depth = 0): Promise<string> {
  const lines: string[] = [];
  for (const line of (await readFile(path, "utf8")).split("\n")) {
    const words = /^\s*include[\s=]+(.+)$/i.exec(line)?.[1]?.match(/"[^"]+"|\S+/g);
    if (words === undefined || words === null || depth >= 16) lines.push(line);
    else for (const word of words) lines.push(...(await included(word.replaceAll('"', ""), depth)));
  }
  return lines.join("\n");
}

async function included(pattern: string, depth: number): Promise<string[]> {
  const path = resolve(join(homedir(), ".ssh"), expandPath(pattern, {}));
  const names = await readdir(dirname(path)).catch(() => []);
  const found = names.filter((name) => matchesPattern(basename(path), name)).sort();
  return Promise.all(found.map((name) => withIncludes(join(dirname(path), name), depth + 1)));
}

function noProxyCommand(name: string): SkbookError {
  return new SkbookError({
    code: "PROXY_COMMAND_UNSUPPORTED",
    tried: `connect to ${name}`,
    failed: "ssh_config gives a ProxyCommand for it, which skbook doesn't run",
    todo: "use ProxyJump in ssh_config, or give jump to connect()",
  });
}

function defaultIdentities(): string[] {
  return ["id_ed25519", "id_ecdsa", "id_rsa"]
    .map((key) => join(homedir(), ".ssh", key))
    .filter((key) => existsSync(key));
}

function jumps(proxyJump: string | undefined): string[] {
  return proxyJump === undefined || proxyJump.toLowerCase() === "none" ? [] : proxyJump.split(",");
}

function expandPath(path: string, tokens: Record<string, string>): string {
  const home = path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
  return home.replace(/%[dhr%]/g, (token) => tokens[token] ?? token);
}
