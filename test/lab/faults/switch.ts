import { address, sinkPort } from "../topology/topology.js";
import { deviceCounter, flowPackets, upcallsLost } from "./counters.js";
import type { Fault } from "./fault.js";

const droppedPort = 4242;
const cookie = 4242;

/** Kernels before 6.7 don't count the end of a rule without output as a drop: the switch consumes the packet. */
export const dropFlow: Fault = {
  name: "ovs-drop-flow",
  put: [
    `ovs-ofctl add-flow br0 cookie=${cookie},table=0,priority=200,udp,tp_dst=${droppedPort},actions=drop`,
    // The first packet of a flow goes through the daemon, which drops it itself.
    `$V udp ${address.vm2} ${droppedPort} 1`,
    "sleep 0.5",
  ],
  hurt: [`$V udp ${address.vm2} ${droppedPort} 100`],
  counter: flowPackets("br0", cookie),
  undo: [`ovs-ofctl del-flows br0 cookie=${cookie}/-1`],
  drops: {
    "5.10": null,
    "6.1": null,
    "6.12": { reason: "SUBSYSTEM_3_1", sites: ["do_execute_actions"] },
  },
};

/** The daemon doesn't keep up with what the datapath asks it: its queues run full. */
export const upcallFlood: Fault = {
  name: "ovs-upcall-flood",
  put: ["kill -s STOP $(cat /run/openvswitch/ovs-vswitchd.pid)"],
  hurt: ["ovs-dpctl del-flows", `$V flows ${address.vm2} ${sinkPort} 3000 1400`],
  counter: upcallsLost,
  undo: ["kill -s CONT $(cat /run/openvswitch/ovs-vswitchd.pid)"],
  drops: {
    "5.10": { reason: null, sites: ["ovs_dp_process_packet"] },
    "6.1": { reason: "NOT_SPECIFIED", sites: ["ovs_dp_process_packet"] },
    "6.12": { reason: "NOT_SPECIFIED", sites: ["ovs_dp_process_packet"] },
  },
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
    "sleep 0.3",
  ],
  hurt: [`$T udp 203.0.113.250 ${sinkPort} 100`],
  counter: deviceCounter("ring0", "tx_dropped"),
  undo: ["/mnt/finish tap", "ip link del ring0"],
  drops: {
    "5.10": { reason: null, sites: ["tun_net_xmit"] },
    "6.1": { reason: "FULL_RING", sites: ["tun_net_xmit"] },
    "6.12": { reason: "FULL_RING", sites: ["tun_net_xmit"] },
  },
};
