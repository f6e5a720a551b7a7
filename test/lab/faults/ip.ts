import { address, sinkPort } from "../topology/topology.js";
import { protocolCounter } from "./counters.js";
import type { Fault } from "./fault.js";

/** The host would have to fragment what it forwards, and must not. */
export const tooBig: Fault = {
  name: "mtu-df",
  put: [`ip route add ${address.vm1}/32 dev br0 mtu 1000`],
  hurt: [`$C udp ${address.vm1} ${sinkPort} 60 1200 0 df`],
  counter: protocolCounter(null, "IpFragFails"),
  undo: [`ip route del ${address.vm1}/32`],
  drops: {
    "5.10": { reason: null, sites: ["ip_forward"] },
    "6.1": { reason: "PKT_TOO_BIG", sites: ["ip_forward"] },
    "6.12": { reason: "PKT_TOO_BIG", sites: ["ip_forward"] },
  },
};

const toHost = `${address.client} ${address.uplink}`;

/** The second halves never come; the first ones are given up after a second. */
export const lostFragments: Fault = {
  name: "fragment-loss",
  put: ["sysctl -n net.ipv4.ipfrag_time > /run/lab/ipfrag_time", "sysctl -qw net.ipv4.ipfrag_time=1"],
  hurt: [`$C crafted one-fragment ${toHost} 40`, "sleep 1.5"],
  counter: protocolCounter(null, "IpReasmTimeout"),
  undo: ["sysctl -qw net.ipv4.ipfrag_time=$(cat /run/lab/ipfrag_time)"],
  drops: {
    "5.10": { reason: null, sites: ["ip_expire"] },
    "6.1": { reason: "NOT_SPECIFIED", sites: ["ip_expire"] },
    "6.12": { reason: "FRAG_REASM_TIMEOUT", sites: ["ip_expire"] },
  },
};

/** First halves come twice: one of the two is dropped, and nothing counts it but the sender. */
export const duplicateFragments: Fault = {
  name: "fragment-duplicate",
  put: [],
  hurt: [`$C crafted fragment-twice ${toHost} 40`],
  undo: [],
  drops: {
    "5.10": { reason: null, sites: ["ip_defrag"] },
    "6.1": { reason: "NOT_SPECIFIED", sites: ["ip_defrag"] },
    "6.12": { reason: "DUP_FRAG", sites: ["ip_defrag"] },
  },
};

/** Packets whose source is reached through another interface than they came from. */
export const reversePath: Fault = {
  name: "rp_filter",
  put: ["sysctl -qw net.ipv4.conf.uplink0.rp_filter=1"],
  hurt: [`$C crafted datagram 198.51.100.99 ${address.uplink} 60`],
  counter: protocolCounter(null, "TcpExtIPReversePathFilter"),
  undo: ["sysctl -qw net.ipv4.conf.uplink0.rp_filter=0"],
  drops: {
    "5.10": { reason: null, sites: ["ip_rcv_finish_core", "ip_rcv_finish"] },
    "6.1": { reason: "IP_RPFILTER", sites: ["ip_rcv_finish_core", "ip_rcv_finish"] },
    "6.12": { reason: "IP_RPFILTER", sites: ["ip_rcv_finish_core", "ip_rcv_finish"] },
  },
};

/** Nobody answers for the address: what waits for an answer is given up after three requests. */
export const missingNeighbour: Fault = {
  name: "neighbour-missing",
  put: ["sysctl -qw net.ipv4.neigh.uplink0.retrans_time_ms=100"],
  hurt: [`$T udp 203.0.113.77 ${sinkPort} 30`, "sleep 1"],
  undo: ["sysctl -qw net.ipv4.neigh.uplink0.retrans_time_ms=1000"],
  drops: {
    "5.10": { reason: null, sites: ["arp_error_report"] },
    "6.1": { reason: "NEIGH_FAILED", sites: ["arp_error_report"] },
    "6.12": { reason: "NEIGH_FAILED", sites: ["arp_error_report"] },
  },
};
