import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import SSHConfig from "ssh-config";
import { reasonOf, SkbookError } from "../../errors.js";
import type { ConnectOptions } from "./options.js";

/** Where a connection goes and with what, after options, ssh_config and defaults are put together. */
export interface Endpoint {
  /** As the notebook gave it. */
  name: string;
  user: string;
  hostname: string;
  port: number;
  /** The name that known_hosts knows the host by. */
  knownAs: string;
  knownHostsFiles: string[];
  identityFiles: string[];
  agent: string | undefined;
  jump: string[];
  timeoutSeconds: number;
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
  const agent = options.agent ?? one("identityagent") ?? process.env.SSH_AUTH_SOCK;
  return {
    name,
    user,
    hostname,
    port: Number(parts.port ?? one("port") ?? 22),
    knownAs: one("hostkeyalias") ?? hostname,
    knownHostsFiles: options.knownHosts ?? [
      ...(config.userknownhostsfile ?? ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"]).map(expand),
      ...(config.globalknownhostsfile ?? ["/etc/ssh/ssh_known_hosts"]),
    ],
    identityFiles: (options.identityFiles ?? config.identityfile ?? defaultIdentities()).map(expand),
    agent: agent === false || agent === "none" || agent === "" ? undefined : agent && expand(agent),
    jump: options.jump ?? jumps(one("proxyjump")),
    timeoutSeconds: options.timeoutSeconds ?? Number(one("connecttimeout") ?? 20),
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
    const parsed = SSHConfig.parse(await readFile(path, "utf8"));
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
