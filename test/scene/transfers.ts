import { execa } from "execa";
import { type Behaviour, setting, startTransfer, type Transfer } from "../sockets/scene.js";
import type { LiveHost } from "./live-host.js";
import { clientAddress } from "./topology.js";
import type { Trouble } from "./trouble.js";

/** Port of the transfer that a policer takes packets from. */
const policed = 5_204;

/** What each of the five transfers is slow by, but for the policed one, which its two ends let go. */
const transfers: { readonly [port: number]: Behaviour } = {
  5201: { write: 60_000, writePauseMs: 60 },
  5202: { rcvbuf: 200_000, read: 10_000, readPauseMs: 8 },
  5203: { rcvbuf: 4_096 },
  [policed]: {},
  5205: { pacing: 1_500_000 },
};

/**
 * What `slow-transfer` looks into, until it is stopped: five transfers from the application to the client, over one path of 100 Mbit/s that they don't fill together. Both ends
 * are reached by ssh, each by a link of its own.
 */
export async function startTransfers({ scene, reach }: LiveHost): Promise<Trouble> {
  const { host, app, client } = scene;
  await reach(app, 204);
  await reach(client, 208);
  const run = (line: string) => execa("sh", ["-ec", line]);
  await run(`tc -n ${host} qdisc del dev vnet0 root`);
  await run(`tc -n ${host} qdisc add dev uplink0 root tbf rate 100mbit burst 64k limit 300k`);
  const rule = `tcp dport ${policed} limit rate over 400 kbytes/second burst 30 kbytes counter drop`;
  await run(`nsenter --net=/run/netns/${host} nft add rule inet rules forward ${rule}`);
  // Packets of wire size, as they would leave a virtual machine's uplink.
  await run(`ip -n ${app} link set eth0 gso_max_segs 1`);
  for (const name of [app, client]) await setting(name, "net.ipv4.tcp_congestion_control", "reno");
  const started: Transfer[] = [];
  const stop = async () => {
    for (const transfer of started) await transfer.stop();
  };
  try {
    for (const [port, behaviour] of Object.entries(transfers)) {
      const ends = { sender: app, receiver: client, address: clientAddress };
      started.push(await startTransfer(ends, Number(port), behaviour));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}
