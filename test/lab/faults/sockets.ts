import { address } from "../topology/topology.js";
import { protocolCounter } from "./counters.js";
import { at, type Fault } from "./fault.js";

const closedPort = 5353;

export const closedUdpPort: Fault = {
  name: "closed-port",
  put: [],
  hurt: [`$C udp ${address.uplink} ${closedPort} 100`],
  counter: protocolCounter(null, "UdpNoPorts"),
  undo: [],
  drops: at("__udp4_lib_rcv", "NO_SOCKET"),
};

/** Each connection attempt to a closed port is answered by a reset. */
export const resetStorm: Fault = {
  name: "reset-storm",
  put: [],
  hurt: [`$C connect ${address.uplink} ${closedPort} 200`],
  counter: protocolCounter(null, "TcpOutRsts"),
  undo: [],
  drops: at("tcp_v4_rcv", "NO_SOCKET"),
};

export const fullSocketBuffer: Fault = {
  name: "socket-buffer-full",
  put: [
    `/mnt/background deaf $T deaf ${address.uplink} 4002 4096`,
    "until ss -Hlun sport = 4002 | grep -q .; do sleep 0.05; done",
  ],
  hurt: [`$C udp ${address.uplink} 4002 200`],
  counter: protocolCounter(null, "UdpRcvbufErrors"),
  undo: ["/mnt/finish deaf"],
  drops: at("udp_queue_rcv_one_skb", "SOCKET_RCVBUFF"),
  // What the buffer holds when its socket is closed.
  aftermath: ["udp_destruct_common", "skb_queue_purge", "skb_queue_purge_reason"],
};
