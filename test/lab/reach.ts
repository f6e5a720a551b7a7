import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ConnectOptions, connect, type Host } from "../../lib/index.js";
import { type Machine, until } from "./machine/machine.js";

/** How a machine is reached as any host is: by a name of an ssh_config of its own, with its own keys. */
export interface Reached {
  host: Host;
  destination: string;
  options: ConnectOptions;
  /** For `ssh -F`. */
  config: string;
}

/**
 * Connects to a machine.
 *
 * @param name the host's name, the same whenever it runs.
 * @param keys the folder with `user_key` and `host_key.pub`.
 */
export async function reach(name: string, machine: Machine, keys: string): Promise<Reached> {
  const hostKey = (await readFile(join(keys, "host_key.pub"), "utf8")).trim();
  const knownHosts = join(machine.folder, "known_hosts");
  await writeFile(knownHosts, `[127.0.0.1]:${machine.port} ${hostKey}\n`);
  const config = join(machine.folder, "ssh_config");
  const lines = [
    "User root",
    "HostName 127.0.0.1",
    `Port ${machine.port}`,
    `IdentityFile ${join(keys, "user_key")}`,
    "IdentitiesOnly yes",
    "IdentityAgent none",
    `UserKnownHostsFile ${knownHosts}`,
  ];
  await writeFile(config, `Host ${name}\n${lines.map((line) => `  ${line}\n`).join("")}`);
  const options: ConnectOptions = { config };
  return { host: await connected(name, options), destination: name, options, config };
}

/** A host that boots has its port before anybody answers there. */
async function connected(name: string, options: ConnectOptions): Promise<Host> {
  let host: Host | undefined;
  await until(60, `an answer of ${name}`, async () => {
    host = await connect(name, options).catch((error: { code?: string }) => {
      if (error.code !== "HOST_UNREACHABLE") throw error;
      return undefined;
    });
    return host !== undefined;
  });
  return host as Host;
}

/** Whether a machine's console has said something. */
export async function said(console: string, text: string): Promise<boolean> {
  return (await readFile(console, "utf8").catch(() => "")).includes(text);
}
