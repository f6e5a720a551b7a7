import { z } from "zod";
import { connectionText, ownConnection } from "../../lib/hosts/index.js";
import {
  bpf,
  defineRows,
  deviceField,
  field,
  isNotOf,
  joined,
  packetFields,
  packetFilters,
  type Target,
} from "../../lib/probes/index.js";
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
 * Columns: `time_ns` (Unix time by the host's clock), `step`, `owner`, `verdict`, `state`, `why` (the kernel's words on what is invalid), `zone`, `status` (bits of the connection:
 * `SEEN_REPLY`, `ASSURED`, `CONFIRMED`, …), `tcp_state`, `device`, `ip_version`, `src`, `src_port`, `dst`, `dst_port`, `protocol`, `length_bytes`, `cpu`. null is unknown or absent.
 * A call whose return the kernel missed has no row, and counts as lost. Packets of skbook's own SSH connection to the host have none, as a note says: each row would make more of them.
 *
 * Errors: as for every probe, see {@link defineProbe}.
 *
 * @example await conntrackEvents(host, { seconds: 10, state: "INVALID" })
 */
export const conntrackEvents = defineRows({
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
