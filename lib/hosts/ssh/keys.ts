import { readFile } from "node:fs/promises";
import type { AnyAuthMethod } from "ssh2";
import { reasonOf } from "../../errors/index.js";
import { agentOfFiles } from "./agent.js";
import type { Endpoint } from "./endpoint.js";
import type { ConnectOptions } from "./options.js";

/** What is offered to a server, in order, and why something was left out. */
export interface Credentials {
  methods: AnyAuthMethod[];
  /** In words, for the message when all are refused. */
  offered: string[];
}

/** The agent's keys first, then key files. Passwords are not offered: they could not be asked for without being kept. */
export async function credentials(
  endpoint: Endpoint,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<Credentials> {
  const methods: AnyAuthMethod[] = [];
  const offered: string[] = [];
  const username = endpoint.user;
  if (endpoint.agent !== undefined) {
    const { agent: path, identitiesOnly, identityFiles } = endpoint;
    const agent = identitiesOnly ? await agentOfFiles(path, identityFiles) : path;
    methods.push({ type: "agent", username, agent });
    offered.push(identitiesOnly ? "keys of the SSH agent that identity files name" : "keys of the SSH agent");
  }
  for (const file of endpoint.identityFiles) {
    const key = await readKey(file, options.passphrase, signal);
    if (typeof key === "string") offered.push(`${file} (left out: ${key})`);
    else {
      methods.push({ type: "publickey", username, ...key });
      offered.push(file);
    }
  }
  return { methods, offered };
}

async function readKey(
  file: string,
  ask: ConnectOptions["passphrase"],
  signal: AbortSignal,
): Promise<{ key: Buffer; passphrase?: string } | string> {
  const key = await readFile(file).catch((error) => reasonOf(error));
  if (typeof key === "string") return key;
  const { default: ssh2 } = await import("ssh2");
  const parsed = ssh2.utils.parseKey(key);
  if (!(parsed instanceof Error))
    return parsed.isPrivateKey() ? { key } : "it is a public key, whose private one only the agent can have";
  if (!/encrypted|passphrase/i.test(parsed.message)) return parsed.message;
  if (ask === undefined) return "it has a passphrase; give passphrase to connect(), or use the agent";
  const passphrase = await ask(file, signal);
  signal.throwIfAborted();
  if (ssh2.utils.parseKey(key, passphrase) instanceof Error) return "wrong passphrase";
  return { key, passphrase };
}
