import type { Table } from "../tables/index.js";
import { captioned } from "./caption.js";
import { extentOf } from "./extent.js";
import { Figure } from "./figure.js";
import { needsColumns, oneFlow } from "./needs.js";
import { nothing } from "./nothing.js";
import { pointsOf } from "./points.js";
import type { Trace } from "./spec.js";
import { grey, palette } from "./style.js";
import {
  flyingSql,
  frameData,
  frameHover,
  limitFacts,
  limitsOf,
  markTraces,
  type Side,
  seenSql,
  shownAtFirst,
  sideOf,
  type View,
  windowMarks,
} from "./tcp/index.js";
import { gridOf, thinnedText } from "./thin.js";
import { spanText } from "./time.js";

/** What {@link windowScaling} shows. */
export interface WindowScalingOptions {
  /** Whose data; the window is the other side's. Default: who sent the most payload. */
  sender?: Side;
}

const wanted = { figure: "windowScaling", made: 'tcpSegments(capture, { flow: "tcp 0" })' };
const needed = [
  ...["time_ns", "frame", "flow", "sender", "kind", "payload_bytes", "tcp_seq_end"],
  ...["tcp_ack", "window_bytes", "zero_window", "window_full"],
];

async function line(view: View, name: string, when: string, y: string, look: object): Promise<Trace[]> {
  const { segments, seen, startNs, grid } = view;
  const relation = `(${seen} SELECT * FROM seen WHERE ${when})`;
  const points = await pointsOf(segments, relation, startNs, {
    grid,
    by: [],
    y,
    beside: ["frame"],
    line: true,
  });
  if (points.length === 0) return [];
  return [
    {
      type: "scatter",
      name,
      x: points.map(({ x }) => x),
      y: points.map((point) => point.y),
      customdata: frameData(points),
      hovertemplate: `%{x:.6~f} s: %{y:,} bytes, ${frameHover}<extra>${name}</extra>`,
      ...look,
    },
  ];
}

/**
 * The receive window of one side beside the bytes in flight of the other: what limits a sender. Bytes in flight at the window mean that
 * the receiver does (its window is too small, or its application reads too slowly); far below it, the sender's congestion window or its
 * application does. The subtitle counts it: a data packet fills the window where 95 % of what was announced last are in flight.
 *
 * Both are as the point of capture sees them: near the receiver, less is in flight than near the sender. Marked are zero windows,
 * packets that fill the window to the last byte, and retransmissions. Time is seconds since the connection's first packet; of more than
 * 1,000 packets, each stretch of time (at most 250) shows its extremes, of each kind of mark by itself.
 *
 * @param segments one connection, as `tcpSegments` returns it
 * @throws SkbookError `BAD_PARAMETER` for another table, several connections, or another sender
 * @example await windowScaling(await tcpSegments(cap, { flow: "tcp 5" }))
 */
export async function windowScaling(segments: Table, { sender }: WindowScalingOptions = {}): Promise<Figure> {
  needsColumns(wanted, segments, needed);
  const flow = await oneFlow(wanted, segments);
  const side = await sideOf("windowScaling", segments, sender);
  const { count, span } = await extentOf(segments);
  const { startNs, endNs } = span ?? { startNs: 0n, endNs: 0n };
  const grid = gridOf(count, { startNs, endNs });
  const view = { segments, seen: flyingSql(side), startNs, grid };
  const data: Trace[] = [
    ...(await line({ ...view, seen: seenSql(side) }, "receive window", "NOT own", "window_bytes", {
      mode: "lines",
      line: { color: grey, width: 2, shape: "hv" },
    })),
    ...(await line(view, "bytes in flight", "true", "flying_bytes", {
      mode: "lines",
      line: { color: palette[0], width: 1.5, shape: "hv" },
    })),
    ...(await markTraces(view, windowMarks)),
  ];
  const limits = await limitsOf(view);
  const shown = await shownAtFirst(segments, { startNs, endNs });
  const caption = captioned({
    title: `Receive window and bytes in flight of ${flow ?? "no connection"}: data of the ${side}`,
    facts: [
      ...(span === null ? [] : [spanText(span)]),
      ...limitFacts(limits),
      ...thinnedText(grid),
      ...shown.facts,
    ],
    sources: [{ provenance: segments.provenance, of: "packet" }],
    warnings:
      count > 0 && limits.known === 0
        ? ["what limits the sender is unknown: no receive window (no handshake in the capture), or no data"]
        : [],
  });
  return new Figure({
    data,
    layout: {
      ...caption,
      showlegend: true,
      legend: { itemsizing: "constant" },
      hovermode: "closest",
      xaxis: {
        title: { text: "Time since the first packet (s)" },
        ...(shown.range === undefined ? {} : { range: shown.range }),
      },
      yaxis: {
        title: { text: "Bytes" },
        rangemode: "tozero",
        exponentformat: "none",
        separatethousands: true,
      },
      ...(data.length === 0 ? nothing(caption, "packets", segments.provenance) : {}),
    },
  });
}
