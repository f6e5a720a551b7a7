import type { Table } from "../tables/index.js";
import { captioned } from "./caption.js";
import { extentOf } from "./extent.js";
import { Figure } from "./figure.js";
import {
  bothWays,
  dropCrosses,
  dropLines,
  dropMarks,
  lanesInUse,
  lanesOf,
  laneText,
  packetMarks,
  packetTraces,
} from "./flow/index.js";
import { nothing } from "./nothing.js";
import { wholeNumber } from "./options.js";
import { counted, grouped } from "./text.js";
import { binWidth, durationText, spanText } from "./time.js";

/** What {@link flowTimeline} shows. */
export interface FlowTimelineOptions {
  /**
   * Which packets: the number of a TCP connection (`tcp_stream`), ICMP errors about it included, or an SQL condition on
   * the packet table, e.g. "udp_stream = 3 OR quoted_udp_stream = 3". Default all.
   */
  flow?: number | string;
  /** Drop events of a host on the way, as `dropEvents` returns them: those of the same ends are shown beside. */
  drops?: Table;
}

/** Above this many packets, those of one kind and direction that follow each other closely share a mark. */
const maxMarks = 1000;
const buckets = 400;
const laneHeight = 90;

function condition(flow: number | string | undefined): string {
  if (flow === undefined) return "true";
  if (typeof flow === "string") return `(${flow})`;
  wholeNumber("flowTimeline", "flow", flow, 0, Number.MAX_SAFE_INTEGER);
  return `(tcp_stream = ${flow} OR quoted_tcp_stream = ${flow})`;
}

/**
 * The packets of a conversation over time, a lane for each direction, with a shape for each kind: SYN, data, ACK,
 * retransmission, duplicate ACK, FIN, RST, ICMP error. With drop events of a host on the way, each drop is a cross
 * under the lane of its direction and a line through all lanes: a retransmission stands right of the drop it answers.
 *
 * Time is seconds since the first packet; the subtitle has the absolute time. Of more than 1,000 packets, those of one
 * kind and direction within a 400th of the time share a mark. At most the 8 busiest directions have lanes.
 * Where drops and packets were timed on two machines the figure says so: their order is as sure as the two clocks.
 *
 * @param packets the packet Table of `packets(capture)`
 * @throws SkbookError `BAD_PARAMETER` for a `flow` that is no number of a connection, `SQL_FAILED` for a wrong condition
 * @example await flowTimeline(await packets(cap), { flow: 0, drops: await dropEvents(host, { seconds: 10 }) })
 */
export async function flowTimeline(
  packets: Table,
  { flow, drops }: FlowTimelineOptions = {},
): Promise<Figure> {
  const where = condition(flow);
  const { count, span } = await extentOf(packets, where);
  const { startNs, endNs } = span ?? { startNs: 0n, endNs: 0n };
  const exact = count <= maxMarks;
  const widthNs = exact ? 1n : binWidth({ startNs, endNs }, buckets);
  const directions = await lanesOf(packets, where);
  const candidates = drops === undefined ? directions : bothWays(directions);
  const shown = lanesInUse(
    candidates,
    await packetMarks(packets, where, directions, { startNs, widthNs }),
    drops === undefined ? [] : await dropMarks(drops, candidates, { startNs, widthNs }),
  );
  const drawn = shown.packets.reduce((sum, mark) => sum + mark.packets, 0);
  const dropped = shown.drops.reduce((sum, mark) => sum + mark.drops, 0);
  const twoClocks = drops !== undefined && drops.provenance.host !== packets.provenance.host;
  const caption = captioned({
    title: typeof flow === "number" ? `Timeline of TCP connection ${flow}` : "Timeline of packets",
    facts: [
      ...(span === null ? [] : [spanText(span)]),
      counted(count, "packet"),
      ...(drops === undefined ? [] : [`${counted(dropped, "drop")} of this flow`]),
      ...(exact ? [] : [`a mark is the packets of ${durationText(widthNs)}`]),
    ],
    sources: [
      { name: "capture", of: "packet", provenance: packets.provenance },
      ...(drops === undefined ? [] : [{ name: "drops", of: "event" as const, provenance: drops.provenance }]),
    ],
    warnings: [
      ...(drawn < count ? [`${grouped(count - drawn)} packets of other directions not shown`] : []),
      ...(twoClocks ? ["drops and packets were timed by two clocks"] : []),
    ],
  });
  const { t } = caption.margin as { t: number };
  return new Figure({
    data: [
      ...dropLines(shown.drops, startNs, shown.lanes.length),
      ...packetTraces(shown.packets, startNs, exact),
      ...dropCrosses(shown.drops, startNs),
    ],
    layout: {
      ...caption,
      height: t + 56 + laneHeight * Math.max(2, shown.lanes.length),
      showlegend: true,
      legend: { traceorder: "reversed" },
      hovermode: "closest",
      xaxis: { title: { text: "Time since the first packet (s)" } },
      yaxis: {
        tickvals: shown.lanes.map((_, lane) => lane),
        ticktext: shown.lanes.map(laneText),
        range: [Math.max(1, shown.lanes.length) - 0.5, -0.5],
      },
      ...(count === 0 ? nothing(caption, "packets", packets.provenance) : {}),
    },
  });
}
