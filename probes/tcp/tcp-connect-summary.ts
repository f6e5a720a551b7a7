import { bpf, defineHistogram, type Probe } from "../../lib/probes/index.js";
import type { TcpConnectSummaryParameters } from "../parameters.js";
import {
  changed,
  connect,
  connectClause,
  connectFilters,
  connecting,
  connectNotes,
  noResult,
  processField,
  resultField,
  serviceField,
} from "./connects.js";
import { socketKeys } from "./sockets.js";

/**
 * Measures how long TCP connections took to be made, in the kernel, from the SYN to the answer, and counts those that failed, with why, and those that the host accepted. Each change of a socket's state costs the host some microseconds at most.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `src`, own address or prefix; `dst`, the peer's; `ip` of either; `port` that connections are made to: the peer's where the host connects, its own where it accepts; `by`, any of peer, own, port, process, result (default peer, port, result).
 *
 * Columns:
 * - `dst` VARCHAR: address of the peer
 * - `port` INTEGER: port that it was made to: the peer's where the host connects, its own where it accepts
 * - `result` VARCHAR: connected, or the error of the socket: ECONNREFUSED (a reset came), ETIMEDOUT (no answer), EHOSTUNREACH,
 *   ...; closed: its own side gave up before there was an answer; null: the host doesn't say
 * - `interval` VARCHAR: connected: from the SYN until the connection was established; failed: from the SYN until it failed, or
 *   was given up; accepted: the host accepted it; open: its SYN has left, and there is no answer yet
 * - `count` BIGINT: samples
 * - `total_ns` BIGINT, ns: sum of them; null where it isn't known
 * - `avg_ns` DOUBLE, ns: mean of them; null with their sum
 * - `p50_low_ns` BIGINT, ns: percentile 50: bound below
 * - `p50_high_ns` BIGINT, ns: percentile 50: bound above
 * - `p90_low_ns` BIGINT, ns: percentile 90: bound below
 * - `p90_high_ns` BIGINT, ns: percentile 90: bound above
 * - `p99_low_ns` BIGINT, ns: percentile 99: bound below
 * - `p99_high_ns` BIGINT, ns: percentile 99: bound above
 * - `p999_low_ns` BIGINT, ns: percentile 99.9: bound below
 * - `p999_high_ns` BIGINT, ns: percentile 99.9: bound above
 * - `max_low_ns` BIGINT, ns: the longest: bound below
 * - `max_high_ns` BIGINT, ns: the longest: bound above
 *
 * A time of one second, three or seven means that a SYN was sent again (RFC 6298). What the host accepts has no time: Linux keeps no socket for it until the handshake is over. Where its own side gives up before
 * there is an answer the result is `closed`. Connections whose SYN left before the probe began are not here. `open` are those without an answer at the end: with the default of `net.ipv4.tcp_syn_retries` that takes more than two minutes. Connections of all network namespaces of the
 * host are seen.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await tcpConnectSummary(host, { seconds: 10, port: 443, by: ["peer", "result"] })
 */
export const tcpConnectSummary: Probe<TcpConnectSummaryParameters, "frame"> = defineHistogram({
  name: "tcpConnectSummary",
  revision: 2,
  measures: "how long TCP connections took to be made, or to fail",
  hooks: { required: [changed] },
  filters: connectFilters,
  by: {
    peer: socketKeys.peer,
    own: socketKeys.own,
    port: serviceField,
    process: processField,
    result: resultField,
  },
  usual: ["peer", "port", "result"],
  intervals: {
    connected: "from the SYN until the connection was established",
    failed: "from the SYN until it failed, or was given up",
  },
  untimed: { accepted: "the host accepted it" },
  open: {
    map: connecting,
    meaning: "its SYN has left, and there is no answer yet",
    read: (value, by) => {
      const [, process = "0", where = "0", ...addresses] = value.map(String);
      const [dstHigh = "0", dstLow = "0", srcHigh = "0", srcLow = "0"] = addresses;
      const version = String(BigInt(where) >> 16n);
      const words: { readonly [key: string]: readonly string[] } = {
        peer: [version, dstHigh, dstLow],
        own: [version, srcHigh, srcLow],
        port: [String(BigInt(where) & 0xffffn)],
        process: [process],
        result: [noResult],
      };
      return { count: 1, words: by.flatMap((key) => words[key] ?? []) };
    },
  },
  program: (writing) => {
    const { sample, tally, begin } = writing;
    return connectClause(writing, {
      begin,
      connected: (at) => sample(at, "connected", connect.began, connect.ended),
      failed: (at) => sample(at, "failed", connect.began, connect.ended),
      accepted: (at) => begin(at, bpf`${connect.process} = 0; ${tally(at, "accepted")}`),
    });
  },
  notes: (_, __, read) => connectNotes(read),
});
