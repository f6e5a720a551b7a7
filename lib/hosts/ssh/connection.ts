import type { Duplex } from "node:stream";
import type { Client, ConnectConfig } from "ssh2";
import { callSignal, interrupted } from "../../cell/index.js";
import { reasonOf, SkbookError } from "../../errors/index.js";
import { type Endpoint, resolveEndpoint } from "./endpoint.js";
import { HostKeyCheck } from "./host-key.js";
import { type Credentials, credentials } from "./keys.js";
import type { ConnectOptions } from "./options.js";

const unansweredKeepalives = 3;

/** Opens an authenticated connection whose host key was verified, through jump hosts where there are any. */
export async function openConnection(name: string, options: ConnectOptions): Promise<Client> {
  const endpoint = await resolveEndpoint(name, options);
  const hops: Client[] = [];
  try {
    for (const jump of endpoint.jump) {
      hops.push(await open(await resolveEndpoint(jump, { ...options, jump: [] }), options, hops.at(-1)));
    }
    const client = await open(endpoint, options, hops.at(-1));
    client.once("close", () => endAll(hops));
    return client;
  } catch (error) {
    endAll(hops);
    throw error;
  }
}

function endAll(hops: readonly Client[]): void {
  for (const hop of [...hops].reverse()) hop.end();
}

async function open(
  endpoint: Endpoint,
  options: ConnectOptions,
  through: Client | undefined,
): Promise<Client> {
  const offer = await credentials(endpoint, options);
  const check = await HostKeyCheck.for(endpoint);
  if (offer.methods.length === 0)
    throw authenticationFailed(endpoint, offer, "there is nothing to offer the server");
  const sock = through === undefined ? undefined : await forward(through, endpoint);
  const keepaliveSeconds = options.keepaliveSeconds ?? 5;
  const config: ConnectConfig = {
    host: endpoint.hostname,
    port: endpoint.port,
    username: endpoint.user,
    authHandler: offer.methods,
    hostVerifier: (key: Buffer) => check.accepts(key),
    readyTimeout: endpoint.timeoutSeconds * 1_000,
    keepaliveInterval: keepaliveSeconds * 1_000,
    keepaliveCountMax: unansweredKeepalives,
    ...(sock === undefined ? {} : { sock }),
    algorithms: {
      compress: endpoint.compress ? ["zlib@openssh.com", "zlib", "none"] : ["none", "zlib@openssh.com"],
      ...(check.algorithms === undefined
        ? {}
        : { serverHostKey: { prepend: check.algorithms as never, append: [], remove: [] } }),
    },
  };
  const { default: ssh2 } = await import("ssh2");
  const client = new ssh2.Client();
  const signal = callSignal();
  return new Promise<Client>((resolve, reject) => {
    const cancel = () => {
      client.destroy();
      reject(interrupted(`connect to ${endpoint.name}`));
    };
    if (signal?.aborted) return cancel();
    signal?.addEventListener("abort", cancel, { once: true });
    client.once("ready", () => signal?.removeEventListener("abort", cancel));
    client
      .on("ready", () => {
        client.setNoDelay(true);
        resolve(client);
      })
      .on("error", (error) => {
        // An agent that doesn't answer is one way in less; ssh2 goes on to the next.
        if ((error as SshError).level === "agent") {
          offer.offered.push(`the agent failed: ${error.message}`);
          return;
        }
        client.destroy();
        reject(check.refusal ?? explain(error, endpoint, offer));
      })
      .on("close", () =>
        reject(check.refusal ?? explain(new Error("the server closed the connection"), endpoint, offer)),
      )
      .connect(config);
  });
}

function forward(through: Client, endpoint: Endpoint): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const timeout = setTimeout(() => {
      reject(
        connectFailed("HOST_UNREACHABLE", endpoint, "the jump host did not reach it in time", undefined),
      );
    }, endpoint.timeoutSeconds * 1_000);
    through.forwardOut("127.0.0.1", 0, endpoint.hostname, endpoint.port, (error, stream) => {
      clearTimeout(timeout);
      if (error === undefined || error === null) return resolve(stream);
      reject(
        connectFailed(
          "HOST_UNREACHABLE",
          endpoint,
          `the jump host could not reach it: ${error.message}`,
          error,
        ),
      );
    });
  });
}

type SshError = Error & { level?: string; code?: string | number };

function explain(error: SshError, endpoint: Endpoint, offer: Credentials): SkbookError {
  if (error.level === "client-authentication")
    return authenticationFailed(endpoint, offer, "the server refused all that was offered", error);
  switch (error.code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return connectFailed("HOST_UNKNOWN", endpoint, `no address is known for ${endpoint.hostname}`, error);
    case "ECONNREFUSED":
      return connectFailed("HOST_UNREACHABLE", endpoint, "nothing listens on that port", error);
  }
  return connectFailed("HOST_UNREACHABLE", endpoint, reasonOf(error), error);
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
