import { existsSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { SkbookError } from "../../errors/index.js";
import { mostSeconds } from "../wait.js";
import { fromHome, pathOf, readConfig, type Settings, tokensOf, unsupported } from "./config/index.js";
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
  /** A file of keys that are never accepted (RevokedHostKeys), and the line that names it. */
  revokedKeys: { path: string; place: string } | undefined;
  identityFiles: string[];
  agent: string | undefined;
  /** Of the agent's keys, those alone that identity files name. */
  identitiesOnly: boolean;
  /** Jump hosts, nearest first, and the line that names them. */
  jump: string[];
  jumpPlace: string;
  timeoutSeconds: number;
  compress: boolean;
}

const destination =
  /^(?:(?<user>[^@\s]+)@)?(?:\[(?<v6>[0-9a-fA-F:.%\w]+)\]|(?<host>[^@:\s[\]]+))(?::(?<port>\d{1,5}))?$/;
/** What a shell would act on: `Match exec` puts names into a command line. OpenSSH refuses such names, too. */
const shellSigns = /['"`$\\;&<>|(){}\p{Cc}]|^-/u;

export async function resolveEndpoint(name: string, options: ConnectOptions): Promise<Endpoint> {
  const parts = destination.exec(name)?.groups;
  const alias = parts?.v6 ?? parts?.host;
  const port = parts?.port === undefined ? undefined : Number(parts.port);
  if (
    alias === undefined ||
    (port !== undefined && (port < 1 || port > 65_535)) ||
    [alias, parts?.user ?? ""].some((word) => shellSigns.test(word))
  ) {
    throw new SkbookError({
      code: "BAD_DESTINATION",
      tried: `connect to ${JSON.stringify(name)}`,
      failed: "it is not of the form user@host, user@host:port or user@[ipv6]:port",
      todo: "correct the destination; names from ~/.ssh/config work too",
    });
  }
  const config = await readConfig({ host: alias, user: parts?.user, port, file: options.config });
  return endpointOf(name, alias, config, options);
}

function endpointOf(name: string, alias: string, config: Settings, options: ConnectOptions): Endpoint {
  const user = checkedUser(config) ?? userInfo().username;
  const hostname = config.one("hostname") ?? alias;
  const port = Number(config.one("port") ?? 22);
  const jump = options.jump ?? jumps(config.one("proxyjump"));
  const proxyCommand = config.one("proxycommand");
  if (options.jump === undefined && proxyCommand !== undefined && proxyCommand.toLowerCase() !== "none")
    throw noProxyCommand(name, config.place("proxycommand"));
  const hostKeyAlias = config.one("hostkeyalias");
  const tokens = tokensOf({
    original: alias,
    hostname,
    port,
    user,
    hostKeyAlias,
    jump: config.one("proxyjump"),
  });
  const files = (keyword: "identityfile" | "userknownhostsfile" | "globalknownhostsfile") =>
    config.words(keyword)?.filter((path) => path.toLowerCase() !== "none");
  const paths = (keyword: "identityfile" | "userknownhostsfile") =>
    files(keyword)?.map((path) => pathOf(path, tokens, config.place(keyword)));
  const systemFiles = files("globalknownhostsfile")?.map((path) =>
    fromHome(path, config.place("globalknownhostsfile")),
  );
  const seconds = config.one("connecttimeout");
  return {
    name,
    user,
    hostname,
    port,
    knownAs: hostKeyAlias ?? (port === 22 ? hostname : `[${hostname}]:${port}`),
    knownHostsFiles: options.knownHosts ?? [
      ...(paths("userknownhostsfile") ?? [sshFile("known_hosts"), sshFile("known_hosts2")]),
      ...(systemFiles ?? ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]),
    ],
    revokedKeys: revokedKeys(config, tokens),
    identityFiles: options.identityFiles?.map(ownPath) ?? paths("identityfile") ?? defaultIdentities(),
    identitiesOnly: config.one("identitiesonly") === "yes",
    agent: agentOf(options.agent, config, tokens),
    jump,
    jumpPlace: options.jump === undefined ? config.place("proxyjump") : "the option jump",
    timeoutSeconds: Math.min(options.timeoutSeconds ?? connectTimeout(seconds), mostSeconds),
    compress: options.compress ?? config.one("compression") === "yes",
  };
}

/** 0 is no limit to OpenSSH, as none is: then the default is one. */
function connectTimeout(given: string | undefined): number {
  return given === undefined || given === "none" || given === "0" ? 20 : Number(given);
}

/** A path of a call, not of a configuration: of signs, `~/` alone means something. */
function ownPath(path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}

function checkedUser(config: Settings): string | undefined {
  const user = config.one("user");
  if (user !== undefined && /%|\$\{/.test(user))
    throw unsupported(config.place("user"), "tokens in User differ between versions of OpenSSH");
  return user;
}

function revokedKeys(config: Settings, tokens: Record<string, string>): Endpoint["revokedKeys"] {
  const given = config.one("revokedhostkeys");
  if (given === undefined || given.toLowerCase() === "none") return undefined;
  const place = config.place("revokedhostkeys");
  return { path: pathOf(given, tokens, place), place };
}

/** `SSH_AUTH_SOCK` and `$NAME` name a variable that holds the path. */
function agentOf(
  given: ConnectOptions["agent"],
  config: Settings,
  tokens: Record<string, string>,
): string | undefined {
  if (given !== undefined)
    return given === false || given === "none" || given === "" ? undefined : ownPath(given);
  const named = config.one("identityagent") ?? "SSH_AUTH_SOCK";
  if (named === "none") return undefined;
  const variable = named === "SSH_AUTH_SOCK" ? named : /^\$(\w+)$/.exec(named)?.[1];
  const path =
    variable === undefined ? pathOf(named, tokens, config.place("identityagent")) : process.env[variable];
  return path === "" ? undefined : path;
}

function noProxyCommand(name: string, place: string): SkbookError {
  return new SkbookError({
    code: "PROXY_COMMAND_UNSUPPORTED",
    tried: `connect to ${name}`,
    failed: `${place} gives a ProxyCommand for it, which skbook doesn't run`,
    todo: "use ProxyJump in ssh_config, or give jump to connect()",
  });
}

function sshFile(name: string): string {
  return join(homedir(), ".ssh", name);
}

function defaultIdentities(): string[] {
  return ["id_ed25519", "id_ecdsa", "id_rsa"]
    .map(sshFile)
    .filter((key) => existsSync(key) || existsSync(`${key}.pub`));
}

function jumps(proxyJump: string | undefined): string[] {
  return proxyJump === undefined || proxyJump.toLowerCase() === "none"
    ? []
    : proxyJump.split(",").map((hop) => hop.replace(/^ssh:\/\//, ""));
}
