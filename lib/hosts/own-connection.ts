import ipaddr from "ipaddr.js";
import type { Snapshot } from "./sections.js";

/** One end of a TCP connection. */
export interface Endpoint {
  address: string;
  port: number;
}

/** The SSH connection that commands and what they say go by, as the host sees it. */
export interface OwnConnection {
  client: Endpoint;
  server: Endpoint;
}

/**
 * Asks for it. sshd tells it what it starts, the leader of the session that the lease's shell is in; behind sudo nobody else knows it. `field` is
 * counted from behind the name: 2 is the parent, 4 the leader of the session.
 */
export const ownConnectionScript =
  'field() { sed \'s/.*) //\' "/proc/$1/stat" | cut -d\' \' -f"$2"; }; shell=$(field "$(field $$ 4)" 2); ' +
  "say ssh; tr '\\0' '\\n' < \"/proc/$(field \"$shell\" 4)/environ\" | sed -n 's/^SSH_CONNECTION=//p'";

/** null where commands don't come by SSH, or the host doesn't say by which connection. */
export function ownConnection({ ssh = "" }: Snapshot): OwnConnection | null {
  const [client, clientPort, server, serverPort] = ssh.split(" ");
  const [from, to] = [endpoint(client, clientPort), endpoint(server, serverPort)];
  return from === null || to === null ? null : { client: from, server: to };
}

/** It in words. */
export function connectionText({ client, server }: OwnConnection): string {
  return `${client.address} port ${client.port} to ${server.address} port ${server.port}`;
}

function endpoint(address = "", port = ""): Endpoint | null {
  // A link-local address may come with its interface.
  const plain = address.replace(/%.*$/, "");
  if (!ipaddr.isValid(plain) || !/^\d{1,5}$/.test(port)) return null;
  return { address: ipaddr.process(plain).toString(), port: Number(port) };
}
