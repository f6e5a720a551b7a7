import type { Table } from "../tables/index.js";
import { captioned } from "./caption.js";
import { extentOf } from "./extent.js";
import { Figure } from "./figure.js";
import { durationOf, heatTrace, maxBins } from "./latency/index.js";
import { needsColumns } from "./needs.js";
import { nothing } from "./nothing.js";
import { rowsOf } from "./rows.js";
import { counted } from "./text.js";
import { approximately, binWidth, durationText, seconds, spanText } from "./time.js";

/** What {@link latencyHeatmap} shows. */
export interface LatencyHeatmapOptions {
  /** Column with durations in nanoseconds. Default: the first there is of whole_ns, total_ns, waited_ns, off_ns, silent_ns and latency_ns. */
  of?: string;
}

const wanted = { figure: "latencyHeatmap", made: "wakeupEvents(host, { seconds: 10, slowerThanUs: 0 })" };

/**
 * Latency over time as a heat map: the darker a cell, the more events of that time took that long. Its columns are equal stretches of time, at most 120; its rows quarters of an octave, so that each is 19 % longer
 * than the one below. What a mean hides is seen: two bands, a burst, a creeping rise. Cells are counted in DuckDB: tables of any size do.
 *
 * @param events a row for each event with `time_ns` and a duration, as `wakeupEvents`, `offCpuEvents`, `qdiscLatencyEvents`, `backlogEvents`, `stageTrace`, `echoTrace` or `gapEvents` return them
 * @throws SkbookError `BAD_PARAMETER` for another table or column
 * @example await latencyHeatmap(await wakeupEvents(host, { seconds: 10, slowerThanUs: 0 }))
 */
export async function latencyHeatmap(events: Table, { of }: LatencyHeatmapOptions = {}): Promise<Figure> {
  needsColumns(wanted, events, ["time_ns"]);
  const column = durationOf(wanted, events, of);
  const duration = `"${column.replaceAll('"', '""')}"`;
  const { count, span } = await extentOf(events);
  const { startNs, endNs } = span ?? { startNs: 0n, endNs: 0n };
  const binNs = binWidth({ startNs, endNs }, maxBins);
  const cells = (await rowsOf(
    events,
    `SELECT ((time_ns - ${startNs}) // ${binNs})::DOUBLE AS bin, floor(4 * log2(greatest(${duration}, 1)))::DOUBLE AS step, count(*)::DOUBLE AS n
    FROM this WHERE ${duration} >= 0 GROUP BY ALL ORDER BY ALL`,
  )) as [number, number, number][];
  const taken = cells.reduce((sum, [, , n]) => sum + n, 0);
  const bins = Number((endNs - startNs) / binNs) + 1;
  const steps = cells.map(([, step]) => step);
  const [low, high] = [Math.min(...steps), Math.max(...steps)];
  const rows = taken === 0 ? 0 : high - low + 1;
  const z = Array.from({ length: rows }, () => Array<number | null>(bins).fill(null));
  for (const [bin, step, n] of cells) (z[step - low] as (number | null)[])[bin] = Math.log10(n);
  const most = cells.reduce((all, [, , n]) => Math.max(all, n), 1);
  const width = seconds(binNs);
  const every = Math.max(1, Math.ceil(rows / 12));
  const ticks = Array.from({ length: rows }, (_, index) => index).filter((index) => index % every === 0);
  const caption = captioned({
    title: "Latency over time",
    facts: [
      ...(span === null ? [] : [spanText(span)]),
      counted(count, "event"),
      `${column}, per ${durationText(binNs)}`,
    ],
    sources: [{ provenance: events.provenance, of: "event" }],
    warnings: taken === count ? [] : [`${counted(count - taken, "event")} without a duration: not drawn`],
  });
  const decades = Array.from({ length: Math.floor(Math.log10(most)) + 1 }, (_, index) => index);
  return new Figure({
    data:
      taken === 0
        ? []
        : [
            heatTrace({
              name: column,
              ...{ bins, width, z },
              y: Array.from({ length: rows }, (_, index) => index + 0.5),
              text: z.map((row) => row.map((n) => (n === null ? "" : counted(Math.round(10 ** n), "event")))),
              range: [0, Math.max(1, Math.log10(most))],
              title: "Events",
              ticks: decades.map((decade) => [decade, String(10 ** decade)]),
              hover: "%{x:.3~f} s: %{text}",
            }),
          ],
    layout: {
      ...caption,
      xaxis: { title: { text: "Time since the first event (s)" }, range: [0, Math.max(width, bins * width)] },
      yaxis: {
        title: { text: "Took at least" },
        range: [0, Math.max(1, rows)],
        tickvals: ticks,
        ticktext: ticks.map((index) => approximately(Math.round(2 ** ((low + index) / 4)))),
      },
      ...(taken === 0 ? nothing(caption, "events", events.provenance) : {}),
    },
  });
}
