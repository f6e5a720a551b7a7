import { execa } from "execa";
import { appAddress, type Scene } from "./topology.js";
import { ready, traffic } from "./traffic.js";
import { every, type Trouble } from "./trouble.js";

/** Ports of the four downloads. */
const [quick, slowServer, policed, slowReader] = [8081, 8082, 8083, 8084];

/**
 * What `slow-download` looks into, until it is stopped: one download that is as it should be, and three that are slow: the server thinks
 * before it answers, a policer on the host drops what exceeds its rate, the client stops reading for a while.
 */
export async function startDownloads({ host, app, client }: Scene): Promise<Trouble> {
  const run = (...command: string[]) => execa(command[0] as string, command.slice(1));
  const policer = `tcp sport ${policed} limit rate over 300 kbytes/second burst 20 kbytes counter drop`;
  await run(
    "nsenter",
    `--net=/run/netns/${host}`,
    "nft",
    "add",
    "rule",
    "inet",
    "rules",
    "forward",
    ...policer.split(" "),
  );
  // Packets of wire size, as they would leave a virtual machine's uplink.
  await run("ip", "-n", app, "link", "set", "eth0", "gso_max_segs", "1");
  // A receive buffer that one pause of the reader fills.
  await run("nsenter", `--net=/run/netns/${client}`, "sysctl", "-qw", "net.ipv4.tcp_rmem=4096 65536 131072");
  const services = [
    `${quick}:200000:0`,
    `${slowServer}:200000:1800`,
    `${policed}:600000:0`,
    `${slowReader}:1500000:0`,
  ];
  const server = traffic(app, "serve", ...services);
  await ready(server);
  const download = (...args: (string | number)[]) => traffic(client, "download", appAddress, ...args);
  return every(
    [
      [3_000, () => download(quick, "/quick")],
      [3_500, () => download(slowServer, "/report")],
      [3_000, () => download(policed, "/image")],
      [2_500, () => download(slowReader, "/backup", 100_000, 2_000)],
    ],
    [server],
  );
}
