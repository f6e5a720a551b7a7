import { field } from "./fields.js";

/** The fields of addresses, by version. */
export const addresses = {
  4: { src: field("ip.src"), dst: field("ip.dst") },
  6: { src: field("ipv6.src"), dst: field("ipv6.dst") },
};

/** The fields of ports, by transport. */
export const ports = {
  tcp: { src: field("tcp.srcport"), dst: field("tcp.dstport") },
  udp: { src: field("udp.srcport"), dst: field("udp.dstport") },
};

/** The fields of conversations, by transport. */
export const streams = { tcp: field("tcp.stream"), udp: field("udp.stream") };
