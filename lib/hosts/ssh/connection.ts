import { once } from "node:events";
import { type Socket, connect as tcpConnect } from "node:net";
import type { Duplex } from "node:stream";
import type { Client, ConnectConfig } from "ssh2";
import { callSignal, interrupted } from "../../cell/index.js";
import { reasonOf, SkbookError } from "../../errors/index.js";
import { type Patience, within } from "../wait.js";
import { type Endpoint, resolveEndpoint } from "./endpoint.js";
import { HostKeyCheck } from "./host-key.js";
import { jumpHosts } from "./jump-hosts.js";
import { type Credentials, credentials } from "./keys.js";
import type { ConnectOptions } from "./options.js";

const unansweredKeepalives = 3;
/** For a person who looks for it; a function that never answers is given up. */
const passphraseSeconds = 300;

/** An authenticated connection. */
export interface Connection {
  client: Client;
  /** Ends it at once, whether anybody answers or not. */
  destroy(): void;
}

/** Opens an authenticated connection whose host key was verified, through jump hosts where there are any. */
export async function openConnection(name: string, options: ConnectOptions): Promise<Connection> {
  const endpoint = await resolveEndpoint(name, options);
  const hops: Connection[] = [];
  try {
    for (const jump of await jumpHosts(endpoint, options)) hops.push(await open(jump, options, hops.at(-1)));
    const connection = await open(endpoint, options, hops.at(-1));
    connection.client.once("close", () => endAll(hops));
    return connection;
  } catch (error) {
    endAll(hops);
    throw error;
  }
}

function endAll(hops: readonly Connection[]): void {
  for (const { client } of [...hops].reverse()) client.end();
}

async function open(
  endpoint: Endpoint,
  options: ConnectOptions,
  through: Connection | undefined,
): Promise<Connection> {
  const tried = `connect to ${endpoint.name}`;
  const patience = { seconds: endpoint.timeoutSeconds, signal: callSignal() };
  const { signal } = patience;
  const orInterrupted = (error: unknown) => {
    throw signal?.aborted ? interrupted(tried) : error;
  };
  // A person may be asked for a passphrase meanwhile.
  const unwanted = new AbortController();
  const asking = credentials(endpoint, options, unwanted.signal);
  const whileAsked = { seconds: passphraseSeconds, signal };
  const offer = await within(asking, tried, whileAsked, () => unwanted.abort()).catch(orInterrupted);
  const check = await HostKeyCheck.for(endpoint);
  const [sock, destroy] = await (through === undefined
    ? reach(endpoint, patience)
    : forward(through, endpoint, patience)
  ).catch(orInterrupted);
  if (offer.methods.length === 0) {
    sock.destroy();
    throw authenticationFailed(endpoint, offer, "there is nothing to offer the server");
  }
  const keepaliveSeconds = options.keepaliveSeconds ?? 5;
  const config: ConnectConfig = {
    sock: sock as Socket,
    username: endpoint.user,
    authHandler: offer.methods,
    hostVerifier: (key: Buffer) => check.accepts(key),
    readyTimeout: endpoint.timeoutSeconds * 1_000,
    keepaliveInterval: keepaliveSeconds * 1_000,
    keepaliveCountMax: unansweredKeepalives,
    algorithms: {
      compress: endpoint.compress ? ["zlib@openssh.com", "zlib", "none"] : ["none", "zlib@openssh.com"],
      ...(check.algorithms === undefined
        ? {}
        : { serverHostKey: { prepend: check.algorithms as never, append: [], remove: [] } }),
    },
  };
  const { default: ssh2 } = await import("ssh2");
  const client = new ssh2.Client();
  return new Promise<Connection>((resolve, reject) => {
    const cancel = () => {
      sock.destroy();
      reject(interrupted(tried));
    };
    if (signal?.aborted) return cancel();
    signal?.addEventListener("abort", cancel, { once: true });
    client.once("ready", () => signal?.removeEventListener("abort", cancel));
    client
      .on("ready", () => {
        client.setNoDelay(true);
        resolve({ client, destroy });
      })
      .on("error", (error) => {
        // An agent that doesn't answer is one way in less; ssh2 goes on to the next.
        if ((error as SshError).level === "agent") {
          offer.offered.push(`the agent failed: ${error.message}`);
          return;
        }
        sock.destroy();
        reject(check.refusal ?? explain(error, endpoint, offer));
      })
      .on("close", () =>
        reject(check.refusal ?? explain(new Error("the server closed the connection"), endpoint, offer)),
      )
      .connect(config);
  });
}

/** What bytes go by, and what ends it at once. */
type Way = [sock: Duplex, destroy: () => void];

async function reach(endpoint: Endpoint, patience: Patience): Promise<Way> {
  const socket = tcpConnect({ host: endpoint.hostname, port: endpoint.port });
  // ssh2 listens to it for each of its channels.
  socket.setMaxListeners(0);
  const destroy = () => socket.destroy();
  try {
    await within(once(socket, "connect"), `connect to ${endpoint.name}`, patience, destroy);
  } catch (error) {
    destroy();
    if (patience.signal?.aborted) throw error;
    throw explain(error as SshError, endpoint);
  }
  return [socket, destroy];
}

async function forward(through: Connection, endpoint: Endpoint, patience: Patience): Promise<Way> {
  const forwarded = new Promise<Duplex>((resolve, reject) => {
    through.client.forwardOut("127.0.0.1", 0, endpoint.hostname, endpoint.port, (error, stream) => {
      if (error === undefined || error === null) resolve(stream);
      else reject(new Error(`the jump host could not reach it: ${error.message}`, { cause: error }));
    });
  });
  try {
    return [await within(forwarded, `connect to ${endpoint.name}`, patience), through.destroy];
  } catch (error) {
    if (patience.signal?.aborted) throw error;
    throw explain(error as SshError, endpoint);
  }
}

type SshError = Error & { level?: string; code?: string | number };

function explain(error: SshError, endpoint: Endpoint, offer?: Credentials): SkbookError {
  if (error.level === "client-authentication" && offer !== undefined)
    return authenticationFailed(endpoint, offer, "the server refused all that was offered", error);
  switch (error.code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return connectFailed("HOST_UNKNOWN", endpoint, `no address is known for ${endpoint.hostname}`, error);
    case "ECONNREFUSED":
      return connectFailed("HOST_UNREACHABLE", endpoint, "nothing listens on that port", error);
  }
  const failed = error instanceof SkbookError ? error.failed : reasonOf(error);
  return connectFailed("HOST_UNREACHABLE", endpoint, failed, error);
}

function connectFailed(code: string, endpoint: Endpoint, failed: string, cause: unknown): SkbookError {
  return new SkbookError({
    code,
    tried: `connect to ${endpoint.name} (${endpoint.hostname} port ${endpoint.port})`,
    failed,
    todo: `see whether ssh -p ${endpoint.port} ${endpoint.user}@${endpoint.hostname} works from here`,
    cause,
  });
}

function authenticationFailed(
  endpoint: Endpoint,
  offer: Credentials,
  failed: string,
  cause?: unknown,
): SkbookError {
  return new SkbookError({
    code: "SSH_AUTH_FAILED",
    tried: `log in to ${endpoint.name} as ${endpoint.user} with: ${offer.offered.join("; ") || "no key and no agent"}`,
    failed,
    todo: "add the right key to the agent (ssh-add), give identityFiles, or put the public key into authorized_keys there",
    cause,
  });
}
