import type { Host } from "../../../lib/index.js";
import type { Trouble } from "../../scene/trouble.js";
import { inject } from "../faults/index.js";
import { address, sinkPort } from "../topology/topology.js";
import { program, remove } from "./program.js";

/** Which CPUs receive what comes in by a device, as a mask. */
const steer = (cpus: number, device: string, within = "") =>
  `${within}sh -c 'echo ${cpus} > /sys/class/net/${device}/queues/rx-0/rps_cpus'`;
/** All that the trouble is not about is received on CPU 0. */
const others = [
  ["vnet1", ""],
  ["eth0", "ip netns exec vm1 "],
  ["eth0", "ip netns exec client "],
] as const;
/** The same of the threads that measure and those that packets don't wait for here: all but the network's. */
const daemons = "$(cat /run/openvswitch/ovs-vswitchd.pid) $(pgrep -o sshd)";
const pin = (cpus: string) => `for one in ${daemons}; do taskset -apc ${cpus} $one > /dev/null; done`;

/** Has its CPU for 45 ms, again and again. */
const telemetry = `
import time
while True:
    end = time.monotonic() + 0.045
    while time.monotonic() < end:
        pass
    time.sleep(0.105)`;

/** Datagrams in bursts, as sensors send them that are read at the same time. */
const sensors = `
import socket, time
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    for _ in range(60):
        one.sendto(b"." * 200, ("${address.vm1}", ${sinkPort}))
    time.sleep(0.04)`;

/**
 * What `which-stage-is-slow` looks into, until it is stopped: what comes in by the uplink is received on CPU 1, where a real-time thread runs a third of the time; when there is more of it than
 * interrupts may handle, ksoftirqd has to, and comes behind that thread.
 */
export async function startLatePackets(host: Host): Promise<Trouble> {
  const { undo } = await inject(host, {
    name: "late packets",
    put: [
      `ip neigh replace ${address.vm1} dev br0 nud permanent lladdr $(ip -n vm1 -o link show eth0 | sed 's/.*ether \\([^ ]*\\).*/\\1/')`,
      `ip -n vm1 neigh replace ${address.bridge} dev eth0 nud permanent lladdr $(cat /sys/class/net/br0/address)`,
      steer(2, "uplink0"),
      ...others.map(([device, within]) => steer(1, device, within)),
      pin("0"),
      ...program("telemetry", telemetry),
      ...program("sensors", sensors),
      "/mnt/background telemetry chrt -f 50 taskset -c 1 /run/lab/telemetry",
      "/mnt/background sensors taskset -c 0 nsenter --net=/run/netns/client /run/lab/sensors",
      `/mnt/background pings taskset -c 0 nsenter --net=/run/netns/client ping -n -q -i 0.05 ${address.vm1}`,
    ],
    hurt: [],
    undo: [
      ...["pings", "sensors", "telemetry"].flatMap(remove),
      pin("0-1"),
      steer(0, "uplink0"),
      ...others.map(([device, within]) => steer(0, device, within)),
    ],
  });
  return { stop: undo };
}
