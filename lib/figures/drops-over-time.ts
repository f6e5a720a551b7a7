import type { Frame, Provenance, Table } from "../tables/index.js";
import { captioned } from "./caption.js";
import { extentOf } from "./extent.js";
import { Figure } from "./figure.js";
import { nothing } from "./nothing.js";
import { oneOf, wholeNumber } from "./options.js";
import { rowsOf } from "./rows.js";
import { maxSeries, seriesOf } from "./series.js";
import { counted } from "./text.js";
import { binWidth, durationText, type Span, seconds, shownSpan, spanText } from "./time.js";

/** How {@link dropsOverTime} tells drops apart. */
export interface DropsOverTimeOptions {
  /** The column whose values are the colours. Default "reason". */
  by?: "reason" | "site" | "device";
  /** At most this many bars, 1 to 2,000; their width is then the next of 1, 2, 5, 10... Default 120. */
  bins?: number;
}

/** `bin` is null for drops whose times are unknown: the clocks of their host could not be read. */
type BinRow = [name: string | null, bin: number | null, drops: number, names: number];
type DatedRow = [name: string | null, bin: number, drops: number, names: number];

/** Where a row stands for several drops, they were counted by the second. */
const countedWidth = 1_000_000_000n;

/** Drops by bin and name, the most frequent name first; the names beyond the palette together, as null. */
async function binned(
  events: Table | Frame,
  by: string,
  count: string,
  { startNs }: Span,
  width: bigint,
): Promise<BinRow[]> {
  const rows = await rowsOf(
    events,
    `
    WITH named AS (
      SELECT coalesce(${by}, 'unknown') AS name, (time_ns - ${startNs}) // ${width} AS bin, ${count} AS drops FROM this
    ), ranked AS (
      SELECT name, least(row_number() OVER (ORDER BY sum(drops) DESC, name), ${maxSeries + 1}) AS rank
      FROM named GROUP BY name
    )
    SELECT CASE WHEN rank <= ${maxSeries} THEN name END AS name, bin::DOUBLE AS bin, sum(drops)::DOUBLE AS drops,
      (SELECT count(*) FROM ranked)::DOUBLE AS names
    FROM named JOIN ranked USING (name) GROUP BY 1, bin, rank ORDER BY rank, bin`,
  );
  return rows as BinRow[];
}

interface Point {
  bin: number;
  drops: number;
}

/** The same with 0 in the bins that have none: who counts seconds knows that nothing was dropped in the others. */
function withQuiet(points: readonly Point[], bins: number): Point[] {
  const drops = new Map(points.map((point) => [point.bin, point.drops]));
  return Array.from({ length: bins }, (_, bin) => ({ bin, drops: drops.get(bin) ?? 0 }));
}

function sumOf(rows: BinRow[]): number {
  return rows.reduce((sum, [, , drops]) => sum + drops, 0);
}

/** Whole numbers on an axis of few drops, where plotly.js would write 0.5. */
function tallest(rows: DatedRow[]): number {
  const totals = new Map<number, number>();
  for (const [, bin, drops] of rows) totals.set(bin, (totals.get(bin) ?? 0) + drops);
  return Math.max(0, ...totals.values());
}

/**
 * Stacked bars of drops by time: when packets were dropped, how many, and why or where.
 *
 * The time axis is seconds since the run's start, or since the first drop where the run's times are unknown or those
 * of another clock; the subtitle has the absolute time. Drops are counted in DuckDB: events of any number do.
 * The seven most frequent values have a colour each, the rest is grey. Where the kernel counted by the second, bars are whole seconds wide, a
 * quiet one is 0, and the first and the last may not have been measured in full.
 *
 * @param events drop events, as `dropEvents` returns them, or drops by the second, as those of `dropReport`: needs `time_ns`, the column `by`, and where a row stands for
 *   several, `drops`
 * @throws SkbookError `BAD_PARAMETER` for a `by` or `bins` out of range
 * @example await dropsOverTime(await dropEvents(host, { seconds: 10 }), { by: "reason" })
 */
export async function dropsOverTime(
  events: Table | Frame,
  { by = "reason", bins = 120 }: DropsOverTimeOptions = {},
): Promise<Figure> {
  oneOf("dropsOverTime", "by", by, ["reason", "site", "device"]);
  wholeNumber("dropsOverTime", "bins", bins, 1, 2000);
  const provenance: Provenance = events.provenance;
  const extent = await extentOf(events);
  const span = shownSpan(provenance, extent.span) ?? { startNs: 0n, endNs: 0n };
  const isCounted = events.columns.includes("drops");
  // A counted second at either end reaches beyond the run, which was no longer for that.
  const said = isCounted ? (shownSpan(provenance, null) ?? span) : span;
  const narrowest = binWidth(span, bins);
  const width = isCounted && narrowest < countedWidth ? countedWidth : narrowest;
  const shownBins = (span.endNs - span.startNs) / width + 1n;
  const rows = extent.count === 0 ? [] : await binned(events, by, isCounted ? "drops" : "1", span, width);
  const total = sumOf(rows);
  const dated = rows.filter((row): row is DatedRow => row[1] !== null);
  const undated = total - sumOf(dated);
  const series = seriesOf(
    dated.map(([name, bin, drops]) => ({ name, point: { bin, drops } })),
    counted((rows[0]?.[3] ?? 0) - maxSeries, by),
  );
  const caption = captioned({
    title: `Drops over time, by ${by}`,
    facts: [...(said.endNs === 0n ? [] : [spanText(said)]), counted(total, "drop")],
    sources: [{ provenance, of: "event" }],
    warnings:
      undated > 0 && dated.length > 0 ? [`${counted(undated, "drop")} at unknown times not shown`] : [],
  });
  const bars = series.map(({ name, fullName, color, points }) => {
    const shown = isCounted ? withQuiet(points, Number(shownBins)) : points;
    return {
      type: "bar",
      name,
      x: shown.map(({ bin }) => seconds((width * BigInt(2 * bin + 1)) / 2n)),
      y: shown.map(({ drops }) => drops),
      width: seconds(width),
      marker: { color },
      hovertemplate: `%{x:.6~f} s: %{y} drops<extra>${fullName}</extra>`,
    };
  });
  return new Figure({
    data: bars,
    layout: {
      ...caption,
      barmode: "stack",
      showlegend: true,
      xaxis: {
        title: { text: "Time since start (s)" },
        range: [0, seconds(width * shownBins)],
      },
      yaxis: {
        title: { text: `Drops per ${durationText(width)}` },
        rangemode: "tozero",
        ...(tallest(dated) <= 5 ? { dtick: 1 } : {}),
      },
      ...(dated.length > 0
        ? {}
        : nothing(caption, total === 0 ? "drops" : "times of these drops", provenance)),
    },
  });
}
