import { address } from "../topology/topology.js";
import { protocolCounter } from "./counters.js";
import { at, type Fault } from "./fault.js";

const toHost = `${address.client} ${address.uplink}`;

export const wrongUdpChecksum: Fault = {
  name: "udp-checksum",
  put: [],
  hurt: [`$C crafted wrong-udp ${toHost} 60`],
  counter: protocolCounter(null, "UdpInCsumErrors"),
  undo: [],
  drops: at("__udp4_lib_rcv", "UDP_CSUM"),
  // Connection tracking verifies it, too.
  seenIn: { conntrack: { step: "lookup", state: "INVALID", protocol: "UDP" } },
};

export const wrongTcpChecksum: Fault = {
  name: "tcp-checksum",
  put: [],
  hurt: [`$C crafted wrong-tcp ${toHost} 60`],
  counter: protocolCounter(null, "TcpInCsumErrors"),
  undo: [],
  drops: at("tcp_v4_rcv", "TCP_CSUM"),
  // Connection tracking verifies it, too.
  seenIn: { conntrack: { step: "lookup", state: "INVALID", protocol: "TCP" } },
};

export const wrongHeaderChecksum: Fault = {
  name: "ip-checksum",
  put: [],
  hurt: [`$C wrong-header eth0 $(cat /sys/class/net/uplink0/address) ${toHost} 60`],
  counter: protocolCounter(null, "IpExtInCsumErrors"),
  undo: [],
  drops: at("ip_rcv_core", "IP_CSUM"),
};
