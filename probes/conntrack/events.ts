import { z } from "zod";
import { connectionText, ownConnection } from "../../lib/hosts/index.js";
import {
  bpf,
  defineRows,
  deviceField,
  field,
  isNotOf,
  joined,
  type Probe,
  packetFields,
  packetFilters,
  type Target,
} from "../../lib/probes/index.js";
import type { ConntrackEventsParameters } from "../parameters.js";
import { infos } from "./names.js";
import {
  conntrackHooks,
  conntrackModules,
  conntrackNotes,
  outcomeFields,
  statusField,
  tcpStateField,
  trackedClauses,
  whyField,
  zoneField,
} from "./tracked.js";

const State = z.enum(infos.map(([, name]) => name));
const numberOf = (state: z.output<typeof State>) => infos.find(([, name]) => name === state)?.[0] ?? 0;

/**
 * Shows what connection tracking makes of packets, one row for each step of each packet. Every row costs some microseconds on the host: look at
 * {@link conntrackSummary} first, then here with filters, such as `state: "INVALID"` or `dropped: true`.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `maxEvents` (default 10,000: rows at most); filters that all have to match: `state` (one or several), `dropped`
 * (only what was dropped), `src`, `dst`, `ip`, `srcPort`, `dstPort`, `port`, `protocol`, `device`, as of {@link conntrackSummary}.
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: when, by the host's real-time clock
 * - `step` VARCHAR: lookup: its connection was looked for; confirm: the connection that it began was put into the table
 * - `owner` VARCHAR: who had it tracked: netfilter, or the action ct of openvswitch
 * - `verdict` VARCHAR: ACCEPT, or DROP where the packet was dropped for it
 * - `state` VARCHAR: NEW, ESTABLISHED, RELATED, with _REPLY for the other direction, UNTRACKED, INVALID
 * - `why` VARCHAR: why it is invalid, as the kernel would log it; %… are numbers that aren't filled in
 * - `zone` INTEGER: connection tracking zone; null where there is no connection, or the kernel doesn't say
 * - `status` VARCHAR: bits of the connection's status (enum ip_conntrack_status)
 * - `tcp_state` VARCHAR: state of the TCP connection after it; null where it is none
 * - `device` VARCHAR: network interface the packet was on; null where it had none
 * - `ip_version` INTEGER: 4 or 6; null for what isn't IP
 * - `src` VARCHAR: source address
 * - `src_port` INTEGER: TCP, UDP or SCTP source port
 * - `dst` VARCHAR: destination address
 * - `dst_port` INTEGER: TCP, UDP or SCTP destination port
 * - `protocol` VARCHAR: IP protocol, or the EtherType of what isn't IP
 * - `length_bytes` INTEGER, bytes: IP packet by its own header; frame where it isn't IP
 * - `cpu` INTEGER: CPU that did it
 *
 * null is unknown or absent. A call whose return the kernel missed has no row, and counts as lost. Packets of skbook's own SSH connection to the host have none, as a note says:
 * each row would make more of them.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await conntrackEvents(host, { seconds: 10, state: "INVALID" })
 */
export const conntrackEvents: Probe<ConntrackEventsParameters, "table"> = defineRows({
  name: "conntrackEvents",
  revision: 2,
  measures: "packets that connection tracking looked at, one row for each step",
  hooks: conntrackHooks,
  modules: conntrackModules,
  summary: "conntrackSummary",
  filters: packetFilters,
  parameters: {
    state: z
      .union([State.transform((one) => [one]), z.array(State).min(1)])
      .optional()
      .describe("only packets in this state, or in one of these"),
    dropped: z.boolean().optional().describe("only packets whose verdict is DROP; default false"),
  },
  fields: [
    ...outcomeFields,
    whyField,
    zoneField,
    statusField,
    tcpStateField,
    deviceField,
    ...packetFields,
    field({ name: "cpu", type: "INTEGER", meaning: "CPU that did it", say: () => bpf`cpu` }),
  ],
  program(writing) {
    const { packet, anyPacket, emit, site, parameters } = writing;
    const { state, dropped } = parameters;
    const own = ownConnection(site.target.snapshot);
    const inState = state?.map((one) => bpf`$info == ${numberOf(one)}`);
    return trackedClauses(
      writing,
      (at, keep) => {
        const skb = at.arg(0);
        return packet(at, { skb, tests: own === null ? [] : [isNotOf(own)] }, keep(skb));
      },
      (at, skb) => {
        const tests = [
          ...(dropped ? [bpf`${at.result} == 0`] : []),
          ...(inState === undefined ? [] : [bpf`(${joined(inState, " || ")})`]),
        ];
        return anyPacket(at, { skb, tests }, emit(at));
      },
      { keepsTexts: false },
    );
  },
  notes: (target, parameters, read) => [...conntrackNotes(target, parameters, read), ...ownNotes(target)],
});

/** What a reader must know of the packets that bring the rows, of which each would make more of them. */
function ownNotes({ host, snapshot }: Target): string[] {
  const own = ownConnection(snapshot);
  if (own !== null) {
    return [
      `packets of skbook's own SSH connection (${connectionText(own)}) have no rows: each row would make more of them`,
    ];
  }
  // Cases from before it was asked for say nothing of it.
  return host === "localhost" || snapshot.ssh === undefined
    ? []
    : [
        `${host} did not say which SSH connection is skbook's own: the packets that bring the rows may have rows, too`,
      ];
}
