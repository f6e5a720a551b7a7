import { dropFlow, upcallFlood } from "../../faults/index.js";
import { address } from "../../topology/topology.js";
import type { Scene } from "../scene.js";

/** Of the lab's own switch, and the machines on it. */
const of = {
  namespaces: ["host", "vm1", "vm2", "far", "client"],
  addresses: ["198.51.100.", "203.0.113.", "2001:db8:"],
};

/** Drops of Open vSwitch. */
export const switchFaults: readonly Scene[] = [
  {
    name: "ovs-drop-flow",
    of,
    put: dropFlow.put,
    act: dropFlow.hurt,
    undo: dropFlow.undo,
    finds: { "5.10": [], "6.1": [], "6.12": ["DROPS_SWITCH"] },
    decides: { "5.10": [], "6.1": [], "6.12": ["SWITCH"] },
  },
  {
    name: "ovs-upcall-flood",
    of,
    put: upcallFlood.put,
    act: upcallFlood.hurt,
    undo: upcallFlood.undo,
    finds: ["DROPS_NETLINK", "COUNTER_SWITCH"],
    decides: ["NETLINK_FULL"],
    wholeHost: ["DROPS_NETLINK", "COUNTER_SWITCH", "NETLINK_FULL"],
  },
];

/** Machines that talk to each other through the switch, one of them through its tunnel. */
export const switchTraffic: Scene = {
  name: "switch-and-vxlan",
  of,
  act: [
    ...["vm2", "far", "bridge"].map(
      (to) =>
        `nsenter --net=/run/netns/vm1 ping -q -n -c 10 -i 0.05 ${address[to as "vm2" | "far" | "bridge"]}`,
    ),
    `$V udp ${address.vm2} 7 50`,
    `$V udp ${address.far} 7 50 1000`,
    `nsenter --net=/run/netns/vm1 $P bulk ${address.vm2} 7 2`,
  ],
  spares: [
    "SWITCH",
    "DROPS_VIRTUAL",
    "DROPS_SWITCH",
    "DROPS_NETLINK",
    "DROPS_TUNNEL",
    "COUNTER_SWITCH",
    "DROPS_OTHER",
  ],
};
