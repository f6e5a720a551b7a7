import type { Host } from "../../../lib/index.js";
import type { Trouble } from "../../scene/trouble.js";
import { inject } from "../faults/index.js";
import { address } from "../topology/topology.js";
import { program, remove } from "./program.js";

/** Five pings, 200 ms apart, each 3 s. */
const client = `
import subprocess, time
while True:
    subprocess.run(["ping", "-n", "-q", "-c", "5", "-i", "0.2", "${address.vm2}"], stdout=subprocess.DEVNULL)
    time.sleep(2.2)`;

const option = "Open_vSwitch . other_config";

/** What `first-packet-is-slow` looks into, until it is stopped: a machine that pings another one now and then, and a switch that forgets flows that nobody uses for a second. */
export async function startFirstPackets(host: Host): Promise<Trouble> {
  const { undo } = await inject(host, {
    name: "first packets",
    put: [
      `ovs-vsctl set ${option}:max-idle=1000`,
      ...program("client", client),
      "/mnt/background client nsenter --net=/run/netns/vm1 /run/lab/client",
    ],
    hurt: [],
    undo: [...remove("client"), `ovs-vsctl remove ${option} max-idle`],
  });
  return { stop: undo };
}
