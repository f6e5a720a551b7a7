import { address } from "../topology/topology.js";
import { protocolCounter } from "./counters.js";
import type { Fault } from "./fault.js";

const closedPort = 5353;

export const closedUdpPort: Fault = {
  name: "closed-port",
  put: [],
  hurt: [`$C udp ${address.uplink} ${closedPort} 100`],
  counter: protocolCounter(null, "UdpNoPorts"),
  undo: [],
  drops: {
    "5.10": { reason: null, sites: ["__udp4_lib_rcv"] },
    "6.1": { reason: "NO_SOCKET", sites: ["__udp4_lib_rcv"] },
    "6.12": { reason: "NO_SOCKET", sites: ["__udp4_lib_rcv"] },
  },
};

/** Each connection attempt to a closed port is answered by a reset. */
export const resetStorm: Fault = {
  name: "reset-storm",
  put: [],
  hurt: [`$C connect ${address.uplink} ${closedPort} 200`],
  counter: protocolCounter(null, "TcpOutRsts"),
  undo: [],
  drops: {
    "5.10": { reason: null, sites: ["tcp_v4_rcv"] },
    "6.1": { reason: "NO_SOCKET", sites: ["tcp_v4_rcv"] },
    "6.12": { reason: "NO_SOCKET", sites: ["tcp_v4_rcv"] },
  },
};

export const fullSocketBuffer: Fault = {
  name: "socket-buffer-full",
  put: [`/mnt/background deaf $T deaf ${address.uplink} 4002 4096`, "sleep 0.3"],
  hurt: [`$C udp ${address.uplink} 4002 200`],
  counter: protocolCounter(null, "UdpRcvbufErrors"),
  undo: ["/mnt/finish deaf"],
  drops: {
    "5.10": { reason: null, sites: ["udp_queue_rcv_one_skb"] },
    "6.1": { reason: "SOCKET_RCVBUFF", sites: ["udp_queue_rcv_one_skb"] },
    "6.12": { reason: "SOCKET_RCVBUFF", sites: ["udp_queue_rcv_one_skb"] },
  },
};
