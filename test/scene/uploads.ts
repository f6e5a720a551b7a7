import { appAddress, closedPort, openPort, refusedPort, type Scene } from "./topology.js";
import { ready, traffic } from "./traffic.js";
import { every, type Trouble } from "./trouble.js";

/**
 * What `first-look` looks into, until it is stopped: uploads through the shaper with the short queue, datagrams to a port that
 * nobody listens on, and connections that the firewall refuses.
 */
export async function startUploads({ client, app }: Scene): Promise<Trouble> {
  const sink = traffic(app, "sink", openPort);
  await ready(sink);
  return every(
    [
      [2_000, () => traffic(client, "upload", appAddress, openPort, 300_000)],
      [700, () => traffic(client, "udp", appAddress, closedPort, 4, 60)],
      [3_000, () => traffic(client, "connect", appAddress, refusedPort, 1.5)],
    ],
    [sink],
  );
}
