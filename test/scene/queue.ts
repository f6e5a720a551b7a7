import { execa } from "execa";
import { appAddress, openPort, type Scene } from "./topology.js";
import { ready, traffic } from "./traffic.js";
import { every, type Trouble } from "./trouble.js";

/**
 * What `lost-or-late` looks into, until it is stopped: pings of the application from the client, whose way leads through the shaper with the
 * short queue; now and then an upload fills it.
 */
export async function startQueue({ client, app }: Scene): Promise<Trouble> {
  const sink = traffic(app, "sink", openPort);
  await ready(sink);
  const ping = ["ping", "-q", "-n", "-i", "0.02", "-s", "1000", "-w", "3", appAddress];
  return every(
    [
      [0, () => execa("nsenter", [`--net=/run/netns/${client}`, ...ping], { reject: false })],
      [1_500, () => traffic(client, "upload", appAddress, openPort, 250_000)],
    ],
    [sink],
  );
}
