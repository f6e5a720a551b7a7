import type { Table } from "../../tables/index.js";
import { captioned } from "../caption.js";
import { extentOf } from "../extent.js";
import { Figure } from "../figure.js";
import { needsColumns, oneFlow } from "../needs.js";
import { nothing } from "../nothing.js";
import { pointsOf } from "../points.js";
import type { Trace } from "../spec.js";
import { palette } from "../style.js";
import { gridOf, thinnedText } from "../thin.js";
import { spanText } from "../time.js";

const wanted = { figure: "bufferFillOverTime", made: "socketBuffers(samples, { flow })" };

/**
 * How full the buffers of both ends of a connection are: send memory of the sender, receive memory of the receiver, and what of that lies unread. A full receive buffer whose data lies unread is a slow reader.
 *
 * Each end's times are those of its own clock, as they are: what is a millisecond apart here may be the clocks' difference, which `clockOffset` bounds.
 *
 * @param sender the connection at its sender, as `socketBuffers` returns it
 * @param receiver the same at its receiver
 * @throws SkbookError `BAD_PARAMETER` for other tables, or several connections
 * @example await bufferFillOverTime(await socketBuffers(samplesA), await socketBuffers(samplesB))
 */
export async function bufferFillOverTime(sender: Table, receiver: Table): Promise<Figure> {
  const needed = ["time_ns", "flow", "send_pressure", "receive_pressure", "recv_q_bytes", "rcvbuf_bytes"];
  for (const table of [sender, receiver]) needsColumns(wanted, table, needed);
  const flow = await oneFlow(wanted, sender);
  await oneFlow(wanted, receiver);
  const extents = [await extentOf(sender), await extentOf(receiver)];
  const spans = extents.flatMap(({ span }) => (span === null ? [] : [span]));
  const times = spans.flatMap((span) => [span.startNs, span.endNs]).sort((a, b) => Number(a - b));
  const [startNs = 0n, endNs = 0n] = [times[0], times.at(-1)];
  const grid = gridOf(Math.max(...extents.map(({ count }) => count)), { startNs, endNs });
  const lines = [
    [sender, "send_pressure", "sender: send memory", palette[1]],
    [receiver, "receive_pressure", "receiver: receive memory", palette[0]],
    [receiver, "recv_q_bytes / nullif(rcvbuf_bytes, 0)", "receiver: unread", palette[5]],
  ] as const;
  const data: Trace[] = [];
  for (const [table, y, name, color] of lines) {
    const points = await pointsOf(table, "this", startNs, { grid, by: [], y, line: true });
    if (points.length === 0) continue;
    data.push({
      ...{ type: "scatter", mode: points.length === 1 ? "markers" : "lines", name },
      x: points.map(({ x }) => x),
      y: points.map((point) => point.y),
      line: { color, width: 2 },
      hovertemplate: `%{x:.6~f} s: %{y:.1%}<extra>${name}</extra>`,
    });
  }
  const caption = captioned({
    title: `Buffers of ${flow ?? "no connection"}`,
    facts: [...(spans.length === 0 ? [] : [spanText({ startNs, endNs })]), ...thinnedText(grid)],
    sources: [
      { provenance: sender.provenance, of: "sample", name: "sender" },
      { provenance: receiver.provenance, of: "sample", name: "receiver" },
    ],
  });
  return new Figure({
    data,
    layout: {
      ...caption,
      showlegend: true,
      hovermode: "closest",
      xaxis: { title: { text: "Time since the first sample (s)" } },
      yaxis: { title: { text: "Part of the buffer" }, rangemode: "tozero" },
      ...(data.length === 0 ? nothing(caption, "samples", sender.provenance) : {}),
    },
  });
}
