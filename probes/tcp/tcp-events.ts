import { z } from "zod";
import {
  type Bpf,
  bpf,
  defineRows,
  field,
  fields,
  type HookAt,
  numbers,
  type Probe,
  type Site,
  type Target,
} from "../../lib/probes/index.js";
import type { TcpEventsParameters } from "../parameters.js";
import { flowField, readMapped, readSockaddr, socketFilters, states } from "./sockets.js";

const sentAgain = "tracepoint:tcp:tcp_retransmit_skb";
const answeredAgain = "tracepoint:tcp:tcp_retransmit_synack";
const resetSent = "tracepoint:tcp:tcp_send_reset";
const resetReceived = "tracepoint:tcp:tcp_receive_reset";
const congestion = "tracepoint:tcp:tcp_cong_state_set";

const events = [
  "retransmission",
  "synack retransmission",
  "reset sent",
  "reset received",
  "congestion state",
] as const;
type Event = (typeof events)[number];

/** States of congestion control by their numbers (enum tcp_ca_state). */
const congestionStates = ["OPEN", "DISORDER", "CWR", "RECOVERY", "LOSS"];

const [event, state, control, undo, sequence, end, segments, why] = [
  ...[bpf`$event`, bpf`$state`, bpf`$control`, bpf`$undo`, bpf`$seq`, bpf`$end`, bpf`$segments`, bpf`$why`],
] as [Bpf, Bpf, Bpf, Bpf, Bpf, Bpf, Bpf, Bpf];
const [skb, socket] = [bpf`$skb`, bpf`$sk`];

/** Stand for what the kernel doesn't say. */
const unknown = 255;
const noReason = "65535";

/**
 * Why a segment was sent again, by the state of its connection and that of congestion control. What is too long for the path goes the way of a timeout, but with nothing that could be undone
 * (tcp_simple_retransmit). A timeout remembers from where on (tcp_init_undo), unless the window had been reduced before (tcp_enter_cwr).
 */
function causeOf(connection: string | null, control: number, canUndo: boolean): string | null {
  if (connection === "SYN-SENT" || connection === "SYN-RECV") return "handshake";
  if (control === 4) return canUndo ? "timeout" : "timeout or path MTU";
  if (control === 3) return "recovery";
  return control < 3 ? "probe" : null;
}

/** Statements that read what is sent again: its first sequence number, the one behind it, and how many segments it is. */
function readSegment(site: Site): Bpf {
  if (!site.has("tcp_skb_cb.seq"))
    return bpf`${sequence} = 0; ${end} = 0; ${segments} = 0; ${control} = ${unknown}; ${undo} = 0;`;
  return bpf`$cb = ${site.addressOf(skb, "sk_buff.cb")};
  ${sequence} = ${site.read(bpf`$cb`, "tcp_skb_cb.seq")}; ${end} = ${site.read(bpf`$cb`, "tcp_skb_cb.end_seq")};
  ${segments} = ${site.read(bpf`$cb`, "tcp_skb_cb.tcp_gso_segs")};
  ${control} = ${site.read(socket, "inet_connection_sock.icsk_ca_state")}; ${undo} = ${site.read(socket, "tcp_sock.undo_marker")};`;
}

/**
 * Shows what befalls TCP connections, one row for each event: segments that are sent again, with why, changes of congestion control's state, resets that are sent and received. Each row costs the host some microseconds.
 *
 * Parameters: `seconds` to measure (0.5 to 3600); `events`, one or several of retransmission, synack retransmission, reset sent, reset received, congestion state (default all); `src` and `srcPort`, own address or prefix and port, `dst` and `dstPort`, those of the peer, `ip` and
 * `port` of either end; `maxEvents` (default 10,000: rows at most).
 *
 * Columns:
 * - `time_ns` BIGINT, ns since 1970: when, by the host's real-time clock
 * - `event` VARCHAR: retransmission, synack retransmission, reset sent, reset received, congestion state
 * - `cause` VARCHAR: why it was sent again: timeout, timeout or path MTU, recovery, probe or handshake; null where it isn't known
 * - `state` VARCHAR: of the connection, as `ss` names it; null where there is none, or the event doesn't say
 * - `congestion_state` VARCHAR: of congestion control: OPEN, DISORDER, CWR, RECOVERY, LOSS; of a retransmission, the one that it
 *   was sent in; null where the host doesn't say
 * - `src` VARCHAR: own address; IPv4 in IPv6 as IPv4
 * - `src_port` INTEGER: own port; null where it had none any more
 * - `dst` VARCHAR: address of the peer
 * - `dst_port` INTEGER: port of the peer
 * - `seq` BIGINT: first sequence number of what is sent again, as in the packet; null: not known
 * - `length_bytes` INTEGER, bytes: sequence numbers that it takes: its data, and one for SYN or FIN; null: not known
 * - `segments` INTEGER: how many segments it is; null: not known
 * - `reason` VARCHAR: why a reset is sent, as the host's kernel names it; null where it gives none (before 6.10)
 *
 * A row of a retransmission can be several segments: `segments` of them together are what the kernel's counter TcpRetransSegs counts. `cause` is told by the state of congestion control (include/net/tcp.h): timeout: the retransmission timer had fired; timeout or path MTU: it had fired after the window had been reduced, or the segment was too long for the path; recovery: duplicate or
 * selective acknowledgements told of the loss; probe: a tail loss probe (RFC 8985), which costs no more than the segment; handshake: a SYN, or the answer to it. `seq` is the number in the packet: in a capture tshark has it as tcp.seq_raw.
 * Resets that answer packets without a connection, such as those to a closed port, are seen from Linux 6.10 on.
 * Connections of all network namespaces of the host are seen. Whether the host is too busy (`TOO_BUSY`) is told by what its own namespace sends again, resets and takes; where there is more, as of other namespaces or of reordering alone, what comes
 * beyond `maxEventsPerSecond` is lost, which the result says.
 *
 * Errors: as for every probe, see {@link makeProbe}.
 *
 * @example await tcpEvents(host, { seconds: 10, dst: "198.51.100.20", events: ["retransmission", "congestion state"] })
 */
export const tcpEvents: Probe<TcpEventsParameters, "table"> = defineRows({
  name: "tcpEvents",
  revision: 3,
  measures: "segments sent again, resets and changes of congestion control's state, one row each",
  hooks: { required: [sentAgain, resetSent, resetReceived], optional: [answeredAgain, congestion] },
  upTo: "resent",
  filters: socketFilters,
  parameters: {
    events: z
      .union([z.enum(events), z.array(z.enum(events)).min(1)])
      .optional()
      .describe("which of them, one or several; default all"),
  },
  fields: [
    fields({
      columns: [
        { name: "event", type: "VARCHAR", meaning: events.join(", ") },
        {
          name: "cause",
          type: "VARCHAR",
          meaning:
            "why it was sent again: timeout, timeout or path MTU, recovery, probe or handshake; null where it isn't known",
        },
        {
          name: "state",
          type: "VARCHAR",
          meaning: "of the connection, as `ss` names it; null where there is none, or the event doesn't say",
        },
        {
          name: "congestion_state",
          type: "VARCHAR",
          meaning:
            "of congestion control: OPEN, DISORDER, CWR, RECOVERY, LOSS; of a retransmission, the one that it was sent in; null where the host doesn't say",
        },
      ],
      words: numbers(4),
      say: () => [event, state, control, undo],
      read: ([number = "", stateNumber = "", controlNumber = "", undoMarker = "0"]) => {
        const what = events[Number(number)] ?? null;
        const name = states[Number(stateNumber)] ?? null;
        const causes: { [event: string]: string | null } = {
          retransmission: causeOf(name, Number(controlNumber), undoMarker !== "0"),
          "synack retransmission": "handshake",
        };
        return [what, causes[what ?? ""] ?? null, name, congestionStates[Number(controlNumber)] ?? null];
      },
    }),
    flowField,
    fields({
      columns: [
        {
          name: "seq",
          type: "BIGINT",
          meaning: "first sequence number of what is sent again, as in the packet; null: not known",
        },
        {
          name: "length_bytes",
          type: "INTEGER",
          unit: "bytes",
          meaning: "sequence numbers that it takes: its data, and one for SYN or FIN; null: not known",
        },
        { name: "segments", type: "INTEGER", meaning: "how many segments it is; null: not known" },
      ],
      words: numbers(3),
      say: () => [sequence, end, segments],
      read: ([first = "0", behind = "0", count = "0"]) =>
        count === "0"
          ? [null, null, null]
          : [Number(first), Number(BigInt.asUintN(32, BigInt(behind) - BigInt(first))), Number(count)],
    }),
    field({
      name: "reason",
      type: "VARCHAR",
      meaning: "why a reset is sent, as the host's kernel names it; null where it gives none (before 6.10)",
      say: () => why,
      read: ([number = ""], { target }) =>
        number === noReason ? null : (target.tracepoints.get(resetSent)?.symbols.get(Number(number)) ?? null),
    }),
  ],
  program: ({ on, filtered, emit, parameters, site }) => {
    const wanted = new Set<Event>(parameters.events === undefined ? events : [parameters.events].flat());
    const clause = (hook: string, what: Event, read: (at: HookAt) => Bpf, more: (at: HookAt) => Bpf) =>
      wanted.has(what)
        ? [
            on(
              hook,
              (at) => bpf`${read(at)}
  ${filtered(
    at,
    bpf``,
    bpf`${event} = ${events.indexOf(what)}; ${more(at)}
  ${emit(at)}`,
  )}`,
            ),
          ]
        : [];
    const nothing = bpf`${sequence} = 0; ${undo} = 0; ${end} = 0; ${segments} = 0; ${why} = ${Number(noReason)};`;
    return [
      ...clause(sentAgain, "retransmission", readMapped, (at) => {
        const failed = at.hasArg("err") ? bpf`if (${at.arg("err")} != 0) { return; }` : bpf``;
        return bpf`${failed} ${why} = ${Number(noReason)}; ${state} = ${at.arg("state")}; ${skb} = ${at.arg("skbaddr")}; ${socket} = ${at.arg("skaddr")};
  ${readSegment(site)}`;
      }),
      ...clause(
        answeredAgain,
        "synack retransmission",
        readMapped,
        () => bpf`${nothing} ${state} = 12; ${control} = ${unknown};`,
      ),
      ...clause(
        resetSent,
        "reset sent",
        (at) => (at.hasArg("saddr_v6") ? readMapped(at) : readSockaddr(at)),
        (at) =>
          bpf`${nothing} ${state} = ${at.arg("state")}; ${control} = ${unknown};${at.hasArg("reason") ? bpf` ${why} = ${at.arg("reason")};` : bpf``}`,
      ),
      ...clause(
        resetReceived,
        "reset received",
        readMapped,
        () => bpf`${nothing} ${state} = 0; ${control} = ${unknown};`,
      ),
      ...clause(
        congestion,
        "congestion state",
        readMapped,
        (at) => bpf`${nothing} ${state} = 0; ${control} = ${at.arg("cong_state")};`,
      ),
    ];
  },
  notes: ({ tracepoints }: Target, _, read) => [
    ...(read.size === 0
      ? ["why segments are sent again, and which, is not known without the kernel's types (BTF)"]
      : []),
    ...(tracepoints.get(resetSent)?.fields.has("reason") === true
      ? []
      : ["resets that answer packets without a connection are not seen: they are from Linux 6.10 on"]),
  ],
});
