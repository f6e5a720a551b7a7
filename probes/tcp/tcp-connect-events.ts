import { z } from "zod";
import { bpf, defineRows, field, type Probe } from "../../lib/probes/index.js";
import type { TcpConnectEventsParameters } from "../parameters.js";
import {
  changed,
  connect,
  connectClause,
  connectFilters,
  connectNotes,
  processField,
  resultField,
} from "./connects.js";
import { flowField } from "./sockets.js";

const ways = ["connected", "failed", "accepted"] as const;
const way = bpf`$way`;

/**
 * Shows TCP connections as they are made, fail, or are accepted, one row each. Look at {@link tcpConnectSummary} first, which counts all of them.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `slowerThanUs` (default 0, all: what took less is left out, and so is what the host accepted then); `failed`, true for those that failed alone; `src`, own address or prefix; `dst`, the peer's; `ip` of either; `port` that connections
 * are made to: the peer's where the host connects, its own where it accepts; `maxEvents` (default 10,000: rows at most).
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: when, by the host's real-time clock
 * - `what` VARCHAR: connected: the host made it; failed: it did not come about; accepted: the host accepted the peer's
 * - `src` VARCHAR: own address; IPv4 in IPv6 as IPv4
 * - `src_port` INTEGER: own port; null where it had none any more
 * - `dst` VARCHAR: address of the peer
 * - `dst_port` INTEGER: port of the peer
 * - `took_ns` BIGINT, ns: from the SYN until it was made or failed; null where the host accepted it
 * - `result` VARCHAR: connected, or the error of the socket: ECONNREFUSED (a reset came), ETIMEDOUT (no answer), EHOSTUNREACH,
 *   ...; closed: its own side gave up before there was an answer; null: the host doesn't say
 * - `process` BIGINT: number of the process that called connect(2); null where the host accepts
 *
 * The rows are in the order of the ends. What the host accepts has no time: Linux keeps no socket for it until the handshake is over. A connection that failed has given its own port back.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await tcpConnectEvents(host, { seconds: 10, port: 443, slowerThanUs: 100_000 })
 */
export const tcpConnectEvents: Probe<TcpConnectEventsParameters, "table"> = defineRows({
  name: "tcpConnectEvents",
  revision: 1,
  measures: "TCP connections that were made, failed or were accepted, one row each",
  hooks: { required: [changed] },
  summary: "tcpConnectSummary",
  mapKeys: 65_536,
  filters: connectFilters,
  parameters: {
    slowerThanUs: z
      .int()
      .min(0)
      .max(1_000_000_000)
      .default(0)
      .describe("only what took at least so many microseconds; 0 for all, and for what has no time"),
    failed: z.boolean().default(false).describe("only connections that failed"),
  },
  fields: [
    field({
      name: "what",
      type: "VARCHAR",
      meaning:
        "connected: the host made it; failed: it did not come about; accepted: the host accepted the peer's",
      say: () => way,
      read: ([number = ""]) => ways[Number(number)] ?? null,
    }),
    flowField,
    field({
      name: "took_ns",
      type: "BIGINT",
      unit: "ns",
      meaning: "from the SYN until it was made or failed; null where the host accepted it",
      say: () => bpf`$ns`,
      read: ([ns = "0"]) => (ns === "0" ? null : Number(ns)),
    }),
    resultField,
    processField,
  ],
  program: (writing) => {
    const { emit, parameters } = writing;
    const least = parameters.slowerThanUs * 1_000;
    const row = (which: (typeof ways)[number]) => (at: Parameters<typeof emit>[0]) =>
      bpf`${way} = ${ways.indexOf(which)}; $ns = ${connect.ended} - ${connect.began};
    if (${connect.ended} > ${connect.began} && $ns >= ${least}) { ${emit(at)} }`;
    const nothing = () => bpf``;
    return connectClause(writing, {
      begin: (_, keep) => keep,
      connected: parameters.failed ? nothing : row("connected"),
      failed: row("failed"),
      accepted:
        parameters.failed || least > 0
          ? nothing
          : (at) => bpf`${way} = 2; $ns = 0; ${connect.process} = 0; ${emit(at)}`,
    });
  },
  notes: (_, __, read) => connectNotes(read),
});
