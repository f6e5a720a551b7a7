import type { Table } from "../tables/index.js";
import { captioned } from "./caption.js";
import { extentOf } from "./extent.js";
import { Figure } from "./figure.js";
import { needsColumns, oneFlow } from "./needs.js";
import { nothing } from "./nothing.js";
import { oneOf } from "./options.js";
import type { Trace } from "./spec.js";
import {
  allowance,
  dataBars,
  dataPoints,
  edgeName,
  markTraces,
  type Side,
  sackBars,
  seenSql,
  sentBy,
  shownAtFirst,
  sideOf,
  stevensMarks,
  tcptraceMarks,
} from "./tcp/index.js";
import { counted, grouped, percent } from "./text.js";
import { gridOf, thinnedText } from "./thin.js";
import { spanText } from "./time.js";

/** What {@link timeSequence} shows. */
export interface TimeSequenceOptions {
  /** Whose data. Default: who sent the most payload. */
  sender?: Side;
  /** `tcptrace`: segments as bars, the other side's acks, window and SACK blocks beside. `stevens`: a point for each segment. Default `tcptrace`. */
  style?: "stevens" | "tcptrace";
}

const wanted = { figure: "timeSequence", made: 'tcpSegments(capture, { flow: "tcp 0" })' };
const needed = [
  ...[
    "time_ns",
    "frame",
    "flow",
    "sender",
    "kind",
    "tcp_seq",
    "tcp_seq_end",
    "tcp_ack",
    "payload_bytes",
    "window_edge",
  ],
  ...["sack_le", "sack_re", "dsack", "retransmission", "out_of_order", "lost_segment", "zero_window"],
];

/**
 * Time-sequence graph of one direction of a TCP connection: sequence numbers over time. The slope is the rate; a flat stretch is a pause;
 * what was sent again stands below what was sent already.
 *
 * In the style of tcptrace, data is a bar from its first number to its last, between the line of what the other side acknowledged and
 * the line up to which its receive window allows to send: data at the upper line means that the receiver limits, a gap to both that the
 * sender does. Beside: SACK and D-SACK blocks, duplicate ACKs, zero windows, each kind of retransmission, SYN, FIN, RST. The style of
 * Stevens has one point for each segment.
 *
 * Time is seconds since the connection's first packet; the subtitle has the absolute time. Of more than 1,000 packets, each stretch of time
 * (at most 250) shows its extremes, of each kind of mark by itself: none disappears.
 *
 * @param segments one connection, as `tcpSegments` returns it
 * @throws SkbookError `BAD_PARAMETER` for another table, several connections, or an option out of range
 * @example await timeSequence(await tcpSegments(cap, { flow: "tcp 5" }), { sender: "server" })
 */
export async function timeSequence(
  segments: Table,
  { sender, style = "tcptrace" }: TimeSequenceOptions = {},
): Promise<Figure> {
  oneOf("timeSequence", "style", style, ["stevens", "tcptrace"]);
  needsColumns(wanted, segments, needed);
  const flow = await oneFlow(wanted, segments);
  const side = await sideOf("timeSequence", segments, sender);
  const { count, span } = await extentOf(segments);
  const { startNs, endNs } = span ?? { startNs: 0n, endNs: 0n };
  const grid = gridOf(count, { startNs, endNs });
  const view = { segments, seen: seenSql(side), startNs, grid };
  const data: Trace[] =
    style === "stevens"
      ? [...(await dataPoints(view)), ...(await markTraces(view, stevensMarks))]
      : [
          ...(await allowance(view)),
          ...(await sackBars(view)),
          ...(await dataBars(view)),
          ...(await markTraces(view, tcptraceMarks)),
        ];
  const shown = await shownAtFirst(segments, { startNs, endNs });
  const sent = await sentBy(segments, side);
  const windowUnknown = style === "tcptrace" && count > 0 && !data.some(({ name }) => name === edgeName);
  const caption = captioned({
    title: `Time sequence of ${flow ?? "no connection"}: data of the ${side}`,
    facts: [
      ...(span === null ? [] : [spanText(span)]),
      `${counted(sent.packets, "data packet")}, ${grouped(sent.bytes)} bytes`,
      `sent again: ${grouped(sent.resentPackets)} (${percent(sent.resentBytes, sent.bytes)} of bytes)`,
      ...thinnedText(grid),
      ...shown.facts,
    ],
    sources: [{ provenance: segments.provenance, of: "packet" }],
    warnings: windowUnknown
      ? ["receive window unknown: no handshake, or no ACK of the other side, in the capture"]
      : [],
  });
  return new Figure({
    data,
    layout: {
      ...caption,
      height: 520,
      showlegend: true,
      legend: { itemsizing: "constant" },
      hovermode: "closest",
      xaxis: {
        title: { text: "Time since the first packet (s)" },
        ...(shown.range === undefined ? {} : { range: shown.range }),
      },
      yaxis: {
        title: { text: "Sequence number, relative (bytes)" },
        exponentformat: "none",
        separatethousands: true,
      },
      ...(data.length === 0 ? nothing(caption, "data", segments.provenance) : {}),
    },
  });
}
