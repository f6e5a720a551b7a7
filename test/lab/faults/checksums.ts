import { address } from "../topology/topology.js";
import { protocolCounter } from "./counters.js";
import type { Fault } from "./fault.js";

const toHost = `${address.client} ${address.uplink}`;

export const wrongUdpChecksum: Fault = {
  name: "udp-checksum",
  put: [],
  hurt: [`$C crafted wrong-udp ${toHost} 60`],
  counter: protocolCounter(null, "UdpInCsumErrors"),
  undo: [],
  drops: {
    "5.10": { reason: null, sites: ["__udp4_lib_rcv"] },
    "6.1": { reason: "UDP_CSUM", sites: ["__udp4_lib_rcv"] },
    "6.12": { reason: "UDP_CSUM", sites: ["__udp4_lib_rcv"] },
  },
};

export const wrongTcpChecksum: Fault = {
  name: "tcp-checksum",
  put: [],
  hurt: [`$C crafted wrong-tcp ${toHost} 60`],
  counter: protocolCounter(null, "TcpInCsumErrors"),
  undo: [],
  drops: {
    "5.10": { reason: null, sites: ["tcp_v4_rcv"] },
    "6.1": { reason: "TCP_CSUM", sites: ["tcp_v4_rcv"] },
    "6.12": { reason: "TCP_CSUM", sites: ["tcp_v4_rcv"] },
  },
};

export const wrongHeaderChecksum: Fault = {
  name: "ip-checksum",
  put: [],
  hurt: [`$C wrong-header eth0 $(cat /sys/class/net/uplink0/address) ${toHost} 60`],
  counter: protocolCounter(null, "IpExtInCsumErrors"),
  undo: [],
  drops: {
    "5.10": { reason: null, sites: ["ip_rcv_core"] },
    "6.1": { reason: "IP_CSUM", sites: ["ip_rcv_core"] },
    "6.12": { reason: "IP_CSUM", sites: ["ip_rcv_core"] },
  },
};
