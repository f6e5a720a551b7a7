import { readFile } from "node:fs/promises";
import type { AnyAuthMethod } from "ssh2";
import { reasonOf } from "../../errors/index.js";
import type { Endpoint } from "./endpoint.js";
import type { ConnectOptions } from "./options.js";

/** What is offered to a server, in order, and why something was left out. */
export interface Credentials {
  methods: AnyAuthMethod[];
  /** In words, for the message when all are refused. */
  offered: string[];
}

/** The agent's keys first, then key files. Passwords are not offered: they could not be asked for without being kept. */
export async function credentials(endpoint: Endpoint, options: ConnectOptions): Promise<Credentials> {
  const methods: AnyAuthMethod[] = [];
  const offered: string[] = [];
  const username = endpoint.user;
  if (endpoint.agent !== undefined && !endpoint.identitiesOnly) {
    methods.push({ type: "agent", username, agent: endpoint.agent });
    offered.push("keys of the SSH agent");
  }
  for (const file of endpoint.identityFiles) {
    const key = await readKey(file, options.passphrase);
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
): Promise<{ key: Buffer; passphrase?: string } | string> {
  const key = await readFile(file).catch((error) => reasonOf(error));
  if (typeof key === "string") return key;
  const { default: ssh2 } = await import("ssh2");
  const parsed = ssh2.utils.parseKey(key);
  if (!(parsed instanceof Error)) return { key };
  if (!/encrypted|passphrase/i.test(parsed.message)) return parsed.message;
  if (ask === undefined) return "it has a passphrase; give passphrase to connect(), or use the agent";
  const passphrase = await ask(file);
  if (ssh2.utils.parseKey(key, passphrase) instanceof Error) return "wrong passphrase";
  return { key, passphrase };
}
