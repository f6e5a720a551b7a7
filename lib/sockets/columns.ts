import { type Column, unixNanoseconds } from "../tables/index.js";
import { fields } from "./fields.js";

/** What every sample has, before what tcp_info says. */
const identity: Column[] = [
  { name: "sample", type: "INTEGER", meaning: "number of the sample, from 0" },
  {
    name: "time_ns",
    type: "BIGINT",
    unit: unixNanoseconds,
    meaning: "when it was taken, by the host's clock",
  },
  { name: "uptime_us", type: "BIGINT", unit: "µs", meaning: "the same since the host booted, to 10 ms" },
  { name: "flow", type: "VARCHAR", meaning: "own end → peer, as a name" },
  { name: "socket", type: "VARCHAR", meaning: "the kernel's cookie of the socket (ss -e): never used twice" },
  { name: "state", type: "VARCHAR", meaning: "ESTAB, CLOSE-WAIT, ...; null where ss left it out" },
  { name: "src", type: "VARCHAR", meaning: "own address; IPv4 in IPv6 as IPv4" },
  { name: "src_port", type: "INTEGER", meaning: "own port" },
  { name: "dst", type: "VARCHAR", meaning: "address of the peer" },
  { name: "dst_port", type: "INTEGER", meaning: "its port" },
  { name: "device", type: "VARCHAR", meaning: "device that the socket is bound to; null: none" },
  {
    name: "recv_q_bytes",
    type: "BIGINT",
    unit: "bytes",
    meaning: "received, and not read by the application",
  },
  {
    name: "send_q_bytes",
    type: "BIGINT",
    unit: "bytes",
    meaning: "written by the application, and not acknowledged",
  },
  {
    name: "timer",
    type: "VARCHAR",
    meaning: "on (retransmission), persist (window probes), keepalive, ...; null: none",
  },
  { name: "timer_ms", type: "BIGINT", unit: "ms", meaning: "until it fires" },
  { name: "timer_repeats", type: "INTEGER", meaning: "times that it fired in a row" },
];

/** The columns of samples of sockets. */
export const sampleColumns: Column[] = [
  ...identity,
  ...fields.map(({ name, type, unit, meaning }) => ({
    ...{ name, type, meaning },
    ...(unit === undefined ? {} : { unit }),
  })),
];
