import { address, sinkPort } from "../topology/topology.js";
import { protocolCounter, within } from "./counters.js";
import { at, type Fault } from "./fault.js";

/** The host would have to fragment what it forwards, and must not. */
export const tooBig: Fault = {
  name: "mtu-df",
  put: [`ip route add ${address.vm1}/32 dev br0 mtu 1000`],
  hurt: [`$C udp ${address.vm1} ${sinkPort} 60 1200 0 df`],
  counter: protocolCounter(null, "IpFragFails"),
  // The sender was told, and would remember it for ten minutes.
  undo: [`ip route del ${address.vm1}/32`, within("client", "ip route flush cache")],
  drops: at("ip_forward", "PKT_TOO_BIG"),
  // The answers to the sender, as many as the rate limit of ICMP lets through, are about connections that never came to be.
  seenIn: { conntrack: null },
};

const toHost = `${address.client} ${address.uplink}`;

/** The second halves never come; the first ones are given up after a second. */
export const lostFragments: Fault = {
  name: "fragment-loss",
  put: ["sysctl -n net.ipv4.ipfrag_time > /run/lab/ipfrag_time", "sysctl -qw net.ipv4.ipfrag_time=1"],
  hurt: [`$C crafted one-fragment ${toHost} 40`, "sleep 1.5"],
  counter: protocolCounter(null, "IpReasmTimeout"),
  undo: ["sysctl -qw net.ipv4.ipfrag_time=$(cat /run/lab/ipfrag_time)"],
  drops: at("ip_expire", "NOT_SPECIFIED", "FRAG_REASM_TIMEOUT"),
  // Before 6.1 the sender is told, and that is about no connection.
  seenIn: { defrag: { step: "expire" }, conntrack: null },
};

/** First halves come twice: one of the two is dropped, and nothing counts it but the sender. */
export const duplicateFragments: Fault = {
  name: "fragment-duplicate",
  put: [],
  hurt: [`$C crafted fragment-twice ${toHost} 40`],
  undo: [],
  drops: at("ip_defrag", "NOT_SPECIFIED", "DUP_FRAG"),
  seenIn: { defrag: { step: "insert", result: "DUPLICATE" } },
};

/** Packets whose source is reached through another interface than they came from. */
export const reversePath: Fault = {
  name: "rp_filter",
  put: ["sysctl -qw net.ipv4.conf.uplink0.rp_filter=1"],
  hurt: [`$C crafted datagram 198.51.100.99 ${address.uplink} 60`],
  counter: protocolCounter(null, "TcpExtIPReversePathFilter"),
  undo: ["sysctl -qw net.ipv4.conf.uplink0.rp_filter=0"],
  drops: at("ip_rcv_finish_core", "IP_RPFILTER"),
};

/** Nobody answers for the address: what waits for an answer is given up after three requests. */
export const missingNeighbour: Fault = {
  name: "neighbour-missing",
  put: ["sysctl -qw net.ipv4.neigh.uplink0.retrans_time_ms=100"],
  hurt: [`$T udp 203.0.113.77 ${sinkPort} 30`, "sleep 1"],
  undo: ["sysctl -qw net.ipv4.neigh.uplink0.retrans_time_ms=1000"],
  drops: at("neigh_invalidate", "NEIGH_FAILED"),
};
