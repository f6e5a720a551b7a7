import { address, sinkPort } from "../topology/topology.js";
import { deviceCounter, flowPackets, upcallsLost } from "./counters.js";
import { at, type Fault } from "./fault.js";

const droppedPort = 4242;
const cookie = 4242;

/** Kernels before 6.7 don't count what a rule drops: the switch consumes the packet. Open vSwitch 3.5, above 6.12 here, asks them to drop it. */
export const dropFlow: Fault = {
  name: "ovs-drop-flow",
  put: [
    `ovs-ofctl add-flow br0 cookie=${cookie},table=0,priority=200,udp,tp_dst=${droppedPort},actions=drop`,
  ],
  // The first packet of a flow goes through the daemon: one that asks to drop has the kernel drop it.
  hurt: [`$V udp ${address.vm2} ${droppedPort} 1`, "sleep 0.5", `$V udp ${address.vm2} ${droppedPort} 100`],
  counter: flowPackets("br0", cookie),
  undo: [`ovs-ofctl del-flows br0 cookie=${cookie}/-1`],
  drops: {
    "5.10": [],
    "6.1": [],
    "6.12": [{ reason: "SUBSYSTEM_3_3", site: "do_execute_actions" }],
  },
};

const vswitchd = "$(cat /run/openvswitch/ovs-vswitchd.pid)";

const neighbour = `ip -n vm1 neigh change ${address.vm2} dev eth0`;

/** The daemon stops for a while, and its queues of what the datapath asks run full; they do again when it has to catch up. */
export const upcallFlood: Fault = {
  name: "ovs-upcall-flood",
  // A neighbour that had to be asked for meanwhile would not be found.
  put: [`$V udp ${address.vm2} ${sinkPort} 1`, `${neighbour} nud permanent`],
  hurt: [
    `kill -s STOP ${vswitchd}`,
    "ovs-dpctl del-flows",
    `$V flows ${address.vm2} ${sinkPort} 5000 1400`,
    `kill -s CONT ${vswitchd}`,
    // It has caught up once nothing more is lost.
    `last=; for second in $(seq 30); do now=$(${upcallsLost}); [ "$now" = "$last" ] && break; last=$now; sleep 1; done`,
  ],
  counter: upcallsLost,
  undo: [`kill -s CONT ${vswitchd}`, `${neighbour} nud reachable`],
  drops: at("netlink_attachskb", "NOT_SPECIFIED"),
};

/** A guest that takes nothing from its tap device: the ring between them is full after 16 packets. */
export const fullTunRing: Fault = {
  name: "tun-ring-full",
  put: [
    "ip tuntap add ring0 mode tap",
    "sysctl -qw net.ipv6.conf.ring0.disable_ipv6=1",
    "ip link set ring0 txqueuelen 16 up",
    "ip addr add 203.0.113.249/30 dev ring0",
    "ip neigh add 203.0.113.250 lladdr 02:00:00:00:00:99 dev ring0",
    "/mnt/background tap $T tap ring0",
    "until [ $(cat /sys/class/net/ring0/carrier) = 1 ]; do sleep 0.05; done",
  ],
  hurt: [`$T udp 203.0.113.250 ${sinkPort} 100`],
  counter: deviceCounter("ring0", "tx_dropped"),
  undo: ["/mnt/finish tap", "ip link del ring0"],
  drops: at("tun_net_xmit", "FULL_RING"),
  // What the ring holds when it goes.
  aftermath: ["tun_queue_purge"],
  seenIn: { qdisc: { step: "net_dev_xmit", name: "NET_XMIT_DROP" } },
};
