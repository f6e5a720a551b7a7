import { z } from "zod";
import { connectionText, ownConnection } from "../../lib/hosts/index.js";
import {
  bpftrace,
  countCall,
  type DecodeContext,
  defineProbe,
  emitRow,
  type Fragment,
  integer,
  joined,
  type Probe,
  rowWord,
  type Target,
} from "../../lib/probes/index.js";
import { unixNanoseconds, type Value } from "../../lib/tables/index.js";
import { type PacketKind, packetColumns, packetRow, packetValues, packetWords } from "../packet/fields.js";
import { type PacketFilterParameters, packetFilters } from "../packet/filters.js";
import { conntrackNotes, outcomeColumns, tcpStateColumn, whyColumn, zoneColumn } from "./columns.js";
import { infoNumber, ownerName, stateName, states, statusNames, tcpStateName, verdictName } from "./names.js";
import {
  conntrack,
  conntrackClauses,
  conntrackHooks,
  conntrackStructs,
  returnHook,
  steps,
} from "./program.js";

const State = z.enum(states);

const Parameters = z.strictObject({
  ...packetFilters,
  state: z.union([State.transform((one) => [one]), z.array(State).min(1)]).optional(),
  dropped: z.boolean().optional(),
  maxEvents: z.int().min(1).max(10_000_000).default(10_000),
});

type Parameters = z.output<typeof Parameters>;

/** What {@link conntrackEvents} can be asked, beside what every probe can. */
export interface ConntrackEventsParameters extends PacketFilterParameters {
  /** Only packets in this state, or in one of these. */
  state?: z.input<typeof State> | z.input<typeof State>[] | undefined;
  /** Only packets whose verdict is DROP. Default false. */
  dropped?: boolean | undefined;
  /** Rows at most, 1 to 10,000,000; what the kernel goes on counting beyond is said. Default 10,000. */
  maxEvents?: number | undefined;
}

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
export const conntrackEvents: Probe<ConntrackEventsParameters, "table"> = defineProbe({
  name: "conntrackEvents",
  shape: "table",
  revision: 1,
  measures: "packets that connection tracking looked at, one row for each step",
  parameters: Parameters,
  hooks: conntrackHooks,
  structs: () => conntrackStructs,
  summary: "conntrackSummary",
  columns: [
    {
      name: "time_ns",
      type: "BIGINT",
      unit: unixNanoseconds,
      meaning: "when, by the host's real-time clock",
    },
    ...outcomeColumns,
    whyColumn,
    zoneColumn,
    {
      name: "status",
      type: "VARCHAR",
      meaning: "bits of the connection's status (enum ip_conntrack_status)",
    },
    tcpStateColumn,
    {
      name: "device",
      type: "VARCHAR",
      meaning: "network interface the packet was on; null where it had none",
    },
    ...packetColumns,
    { name: "cpu", type: "INTEGER", meaning: "CPU that did it" },
  ],
  program(parameters, target) {
    const { state: _, dropped: __, maxEvents: ___, ...filters } = parameters;
    const entered = (step: number) => countCall(returnHook(step)).entered;
    const act = (step: number) => ({
      ipv4: action("ipv4", step, parameters),
      ipv6: action("ipv6", step, parameters),
      other: action("other", step, parameters),
    });
    return conntrackClauses(filters, target, entered, act, ownConnection(target.snapshot));
  },
  decode(record, context) {
    return record.type === "line" && record.word === rowWord ? [rowOf(record.fields, context)] : [];
  },
  notes: (target) => [...conntrackNotes(target), ...ownNotes(target)],
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

function action(kind: PacketKind, step: number, { state, dropped, maxEvents }: Parameters): Fragment {
  const packet = packetRow(kind);
  const row = emitRow(
    `%llu\\t${step}\\t%d\\t%d\\t%d\\t%d\\t%d\\t%d\\t%d\\t%s\\t${packet.format}\\t%s`,
    [
      ...["nsecs", conntrack.owner, conntrack.verdict, conntrack.info, conntrack.zone, conntrack.status],
      ...[conntrack.tcpState, "cpu", "$skb->dev->name", ...packet.expressions, conntrack.why],
    ],
    maxEvents,
    returnHook(step),
  );
  const tests = [
    bpftrace`1`,
    ...(dropped ? [bpftrace`(int32)retval == 0`] : []),
    ...(state === undefined
      ? []
      : [
          bpftrace`(${joined(
            state.map((one) => bpftrace`$info == ${integer(infoNumber(one))}`),
            " || ",
          )})`,
        ]),
  ];
  return bpftrace`${countCall(returnHook(step)).returned} if (${joined(tests, " && ")}) { ${row} }`;
}

function rowOf(fields: readonly string[], { unixTime }: DecodeContext<Parameters>): Value[] {
  const [time, step, owner, verdict, info, zone, status, tcpState, cpu, device] = fields as [
    string,
    ...string[],
  ];
  return [
    unixTime(time),
    steps[Number(step)] as string,
    ownerName(Number(owner)),
    verdictName(Number(verdict)),
    stateName(Number(info)),
    fields
      .slice(10 + packetWords)
      .join("\t")
      .trim() || null,
    zone === "-1" ? null : Number(zone),
    statusNames(Number(status)),
    tcpStateName(Number(tcpState)),
    device || null,
    ...packetValues(fields.slice(10, 10 + packetWords)),
    Number(cpu),
  ];
}
