import type { Frame, Table } from "../tables/index.js";
import { captioned } from "./caption.js";
import { Figure } from "./figure.js";
import { needsColumns } from "./needs.js";
import { nothing } from "./nothing.js";
import { wholeNumber } from "./options.js";
import { rowsOf } from "./rows.js";
import type { Trace } from "./spec.js";
import { grey, palette } from "./style.js";
import { counted, grouped, label, shorten } from "./text.js";
import { approximately, seconds, spanText } from "./time.js";

/** What {@link conversationTimeline} shows. */
export interface ConversationTimelineOptions {
  /** At most this many bars, of the conversations with the most bytes: 1 to 200. Default 40. */
  most?: number;
}

const wanted = { figure: "conversationTimeline", made: "flows(capture)" };
const needed = [
  ...["flow", "transport", "client", "client_port", "server", "server_port", "start_ns", "duration_ns"],
  ...["client_packets", "server_packets", "client_wire_bytes", "server_wire_bytes", "retransmissions", "rst"],
];

const barHeight = 18;
const colors: { [transport: string]: string } = {
  tcp: palette[0],
  udp: palette[2],
  icmp: palette[3],
  icmpv6: palette[4],
  sctp: palette[6],
};

/** A conversation and its place in the figure. */
interface Bar {
  flow: string;
  transport: string;
  client: string;
  server: string;
  startNs: bigint;
  durationNs: number;
  packets: number;
  bytes: number;
  retransmissions: number;
  resets: number;
}

interface Conversations {
  bars: Bar[];
  count: number;
  startNs: bigint;
  endNs: bigint;
  /** Packets of those that have no bar. */
  hidden: { bytes: number; retransmissions: number; resets: number };
}

function endSql(side: "client" | "server"): string {
  const address = `coalesce(${side}, 'no address')`;
  return `CASE WHEN ${side}_port IS NULL THEN ${address} WHEN contains(${side}, ':') THEN '[' || ${side} || ']:' || ${side}_port
    ELSE ${address} || ':' || ${side}_port END`;
}

async function conversationsOf(flows: Table | Frame, most: number): Promise<Conversations> {
  const bytes = "client_wire_bytes + server_wire_bytes";
  const rows = await rowsOf(
    flows,
    `
    WITH placed AS (
      SELECT *, row_number() OVER (ORDER BY ${bytes} DESC, start_ns, flow) AS place FROM this
    )
    SELECT flow, transport, ${endSql("client")} AS client_end, ${endSql("server")} AS server_end, start_ns, duration_ns::DOUBLE AS duration,
      (client_packets + server_packets)::DOUBLE AS packets, (${bytes})::DOUBLE AS bytes,
      coalesce(retransmissions, 0)::DOUBLE AS retransmissions, coalesce(rst, 0)::DOUBLE AS resets
    FROM placed WHERE place <= ${most} ORDER BY start_ns, place`,
  );
  const bars = rows.map(
    ([flow, transport, client, server, start, duration, packets, bytes, retransmissions, resets]) => ({
      flow: String(flow),
      transport: String(transport),
      client: String(client),
      server: String(server),
      startNs: BigInt(start as bigint | number),
      durationNs: Number(duration),
      packets: Number(packets),
      bytes: Number(bytes),
      retransmissions: Number(retransmissions),
      resets: Number(resets),
    }),
  );
  const [[count, start, end, ...totals] = []] = await rowsOf(
    flows,
    `SELECT count(*)::DOUBLE, min(start_ns), max(start_ns + duration_ns), coalesce(sum(${bytes}), 0)::DOUBLE,
      coalesce(sum(retransmissions), 0)::DOUBLE, coalesce(sum(rst), 0)::DOUBLE FROM this`,
  );
  const [allBytes = 0, allRetransmissions = 0, allResets = 0] = totals.map(Number);
  const shown = (of: "bytes" | "retransmissions" | "resets") => bars.reduce((sum, bar) => sum + bar[of], 0);
  return {
    bars,
    count: Number(count),
    startNs: BigInt((start as bigint | number | null) ?? 0),
    endNs: BigInt((end as bigint | number | null) ?? 0),
    hidden: {
      bytes: allBytes - shown("bytes"),
      retransmissions: allRetransmissions - shown("retransmissions"),
      resets: allResets - shown("resets"),
    },
  };
}

function barTraces(bars: Bar[], startNs: bigint): Trace[] {
  const transports = [...new Set(bars.map(({ transport }) => transport))].sort();
  return transports.map((transport) => {
    const own = bars.flatMap((bar, place) => (bar.transport === transport ? [{ ...bar, place }] : []));
    const color = colors[transport] ?? grey;
    return {
      type: "bar",
      orientation: "h",
      name: label(transport),
      base: own.map((bar) => seconds(bar.startNs - startNs)),
      x: own.map(({ durationNs }) => durationNs / 1e9),
      y: own.map(({ place }) => place),
      width: 0.6,
      text: own.map(hoverText),
      textposition: "none",
      // The shortest one is still seen, by its outline.
      marker: { color, line: { color, width: 1.5 } },
      hovertemplate: "%{text}<extra></extra>",
    };
  });
}

function hoverText({
  flow,
  client,
  server,
  durationNs,
  packets,
  bytes,
  retransmissions,
  resets,
}: Bar): string {
  return [
    `${label(flow)}: ${label(`${client} → ${server}`)}`,
    `${approximately(durationNs)}, ${counted(packets, "packet")}, ${grouped(bytes)} bytes`,
    `${counted(retransmissions, "retransmission")}, ${counted(resets, "RST")}`,
  ].join("<br>");
}

/** What happened within a conversation, at the end of its bar: flows() counts it, and doesn't say when. */
function markTraces(bars: Bar[], startNs: bigint, spanS: number): Trace[] {
  const kinds = [
    { name: "RST", of: "resets", symbol: "x", color: "#222222", beyond: 0.012 },
    {
      name: "retransmissions",
      of: "retransmissions",
      symbol: "triangle-up",
      color: palette[5],
      beyond: 0.034,
    },
  ] as const;
  return kinds.flatMap(({ name, of, symbol, color, beyond }) => {
    const own = bars.flatMap((bar, place) => (bar[of] > 0 ? [{ ...bar, place }] : []));
    if (own.length === 0) return [];
    return [
      {
        type: "scatter",
        mode: of === "resets" ? "markers" : "markers+text",
        name,
        x: own.map((bar) => seconds(bar.startNs - startNs) + bar.durationNs / 1e9 + beyond * spanS),
        y: own.map(({ place }) => place),
        text: own.map((bar) => (of === "resets" ? "" : ` ${grouped(bar[of])}`)),
        textposition: "middle right",
        textfont: { size: 10, color },
        cliponaxis: false,
        marker: { symbol, color, size: 8 },
        customdata: own.map(hoverText),
        hovertemplate: "%{customdata}<extra></extra>",
      },
    ];
  });
}

/**
 * One bar for each conversation, from its first packet to its last, coloured by transport: which ran at the same time, which began
 * when others ended. At the end of a bar, a cross stands for a RST and a triangle with their number for retransmissions within the
 * conversation (when, `timeSequence` shows). A bar at the edge of the capture may have begun before or go on after it.
 *
 * Time is seconds since the first packet; the subtitle has the absolute time. The busiest conversations have bars, in order of their
 * starts; the warning above says how many have none, and what is in them.
 *
 * @param conversations as `flows` returns them
 * @throws SkbookError `BAD_PARAMETER` for another table, or a number of bars out of range
 * @example await conversationTimeline(await flows(cap, { port: 443 }))
 */
export async function conversationTimeline(
  conversations: Table | Frame,
  { most = 40 }: ConversationTimelineOptions = {},
): Promise<Figure> {
  wholeNumber("conversationTimeline", "most", most, 1, 200);
  needsColumns(wanted, conversations, needed);
  const { bars, count, startNs, endNs, hidden } = await conversationsOf(conversations, most);
  const ends = bars.map((bar) => seconds(bar.startNs - startNs) + bar.durationNs / 1e9);
  const [fromS, toS] = [seconds((bars[0]?.startNs ?? startNs) - startNs), Math.max(0, ...ends)];
  const spanS = Math.max(toS - fromS, 1e-9);
  const { retransmissions, resets } = hidden;
  const caption = captioned({
    title: "Conversations over time",
    facts: count === 0 ? [] : [spanText({ startNs, endNs }), counted(count, "conversation")],
    sources: [{ provenance: conversations.provenance, of: "packet" }],
    warnings:
      count <= bars.length
        ? []
        : [
            `${grouped(count - bars.length)} conversations not shown`,
            `in those: ${grouped(hidden.bytes)} bytes, ${counted(retransmissions, "retransmission")}, ${counted(resets, "RST")}`,
          ],
  });
  const { t } = caption.margin as { t: number };
  const rows = Math.max(4, bars.length);
  return new Figure({
    data: count === 0 ? [] : [...barTraces(bars, startNs), ...markTraces(bars, startNs, spanS)],
    layout: {
      ...caption,
      height: t + 56 + barHeight * rows,
      barmode: "overlay",
      showlegend: true,
      hovermode: "closest",
      xaxis: {
        title: { text: "Time since the first packet (s)" },
        range: [fromS - 0.01 * spanS, toS + 0.1 * spanS],
      },
      yaxis: {
        tickvals: bars.map((_, place) => place),
        ticktext: bars.map(({ client, server }) => label(`${shorten(client, 26)} → ${shorten(server, 26)}`)),
        tickfont: { size: 10 },
        range: [rows - 0.5, -0.5],
      },
      ...(count === 0 ? nothing(caption, "conversations", conversations.provenance) : {}),
    },
  });
}
