import { openCase } from "../cases/index.js";
import { SkbookError } from "../errors/index.js";
import { readGiven } from "./btf/given.js";
import { ConnectedHost } from "./connected-host.js";
import type { Host } from "./host.js";
import { localTransport } from "./local.js";
import { replayTransport } from "./replayed.js";
import { openConnection } from "./ssh/connection.js";
import type { ConnectOptions } from "./ssh/options.js";
import { SshTransport } from "./ssh/transport.js";

/**
 * Connects to a host over SSH. The host key is verified against known_hosts: an unknown or changed one is refused. ~/.ssh/config,
 * the SSH agent, key files and jump hosts work as with ssh. In a replay nothing is connected; the case answers.
 *
 * @param destination `user@host`, `user@host:port`, `user@[ipv6]:port` or a name of ~/.ssh/config.
 * @param options what differs from ~/.ssh/config and OpenSSH's defaults.
 * @throws SkbookError `BAD_DESTINATION`, `HOST_UNKNOWN`, `HOST_UNREACHABLE`, `HOST_KEY_UNKNOWN`, `HOST_KEY_CHANGED`, `HOST_KEY_REVOKED`,
 *   `SSH_AUTH_FAILED`, `SSH_CONFIG_UNREADABLE`, `PROXY_COMMAND_UNSUPPORTED`, `INTERRUPTED`, `BAD_PARAMETER` for a `bpftrace` that is no
 *   absolute path, of a file in `btf` `BTF_UNREADABLE`, `BTF_MISMATCH`, `BIG_ENDIAN`; in a replay `NOT_RECORDED` for a host
 *   that the case doesn't know.
 * @example const host = await connect("root@192.0.2.10");
 */
export async function connect(destination: string, options: ConnectOptions = {}): Promise<Host> {
  const bpftrace = checkedPath(destination, options.bpftrace);
  const open = await openCase();
  if (open?.mode === "replay") {
    if (!open.hosts.includes(destination)) throw notInCase(destination, open);
    return new ConnectedHost(destination, replayTransport(destination), { bpftrace });
  }
  const given = options.btf === undefined ? undefined : await readGiven(options.btf);
  const transport = new SshTransport(destination, await openConnection(destination, options));
  return new ConnectedHost(destination, transport, { askPassword: options.sudoPassword, given, bpftrace });
}

let thisMachine: Host | undefined;

/** This machine as a host: the same functions, the same lease, no SSH. */
export function localhost(): Host {
  thisMachine ??= new ConnectedHost("localhost", localTransport);
  return thisMachine;
}

/** A relative path would lie in a folder that nobody knows; a word with a `=` is a variable to env(1), which starts bpftrace. */
function checkedPath(destination: string, path: string | undefined): string | undefined {
  if (path === undefined || /^\/[^=]+$/.test(path)) return path;
  throw new SkbookError({
    code: "BAD_PARAMETER",
    tried: `connect to ${destination}`,
    failed: `bpftrace: ${JSON.stringify(path)} is no absolute path, or has a "=" in it`,
    todo: 'give the whole path of the file on the host: { bpftrace: "/usr/local/bin/bpftrace" }',
  });
}

function notInCase(destination: string, open: { path: string; hosts: string[] }): SkbookError {
  return new SkbookError({
    code: "NOT_RECORDED",
    tried: `connect to ${destination} in a replay of ${open.path}`,
    failed: `the case knows these hosts: ${open.hosts.join(", ") || "none"}`,
    todo: "use the recorded name, or run the notebook against the host",
  });
}
