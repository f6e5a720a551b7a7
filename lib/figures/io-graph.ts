import type { Table } from "../tables/index.js";
import { captioned } from "./caption.js";
import { extentOf } from "./extent.js";
import { Figure } from "./figure.js";
import { needsColumns } from "./needs.js";
import { nothing } from "./nothing.js";
import { oneOf } from "./options.js";
import { pointsOf } from "./points.js";
import { rankedSql } from "./ranked.js";
import { rowsOf } from "./rows.js";
import { maxSeries, seriesOf } from "./series.js";
import { binNsOf } from "./steps.js";
import { counted, grouped } from "./text.js";
import { gridOf, thinnedText } from "./thin.js";
import { durationText, spanText } from "./time.js";

/** What {@link ioGraph} counts. */
export interface IoGraphOptions {
  /** `packets`: packets per second. `bits`: bits per second on the wire. Default `bits`. */
  unit?: "packets" | "bits";
}

const wanted = { figure: "ioGraph", made: 'traffic(capture, { binMs: 100, by: "transport" })' };
const needed = ["time_ns", "series", "packets", "wire_bytes", "packets_per_second", "bits_per_second"];

/** Rates by series, the biggest first; those of the many small ones are added. Zero where the last bin ends, so that it has its width. */
function ratesSql(rate: string, binNs: bigint): string {
  return `(
    ${rankedSql("series", "sum(wire_bytes)")}, summed AS (
      SELECT shown_rank, shown_series, time_ns, sum(${rate}) AS y FROM named GROUP BY ALL
    )
    FROM summed
    UNION ALL
    SELECT shown_rank, shown_series, max(time_ns) + ${binNs}, 0 FROM summed GROUP BY ALL)`;
}

/**
 * Packets or bits per second over time, a line for each series of `traffic`: all together, or by transport, protocol, flow or sender.
 * Each step is one bin, the last one too, though the capture may end within it.
 *
 * Time is seconds since the first packet; the subtitle has the absolute time. Of more than 1,000 bins, each stretch of time (at most 250, fewer for more than four series)
 * shows its extremes. The seven series with the most bytes have a colour each, the rest is added up as one in grey.
 *
 * @param counts as `traffic` returns them
 * @throws SkbookError `BAD_PARAMETER` for another table or unit
 * @example await ioGraph(await traffic(cap, { binMs: 100, by: "transport" }))
 */
export async function ioGraph(counts: Table, { unit = "bits" }: IoGraphOptions = {}): Promise<Figure> {
  oneOf("ioGraph", "unit", unit, ["packets", "bits"]);
  needsColumns(wanted, counts, needed);
  const { count, span } = await extentOf(counts);
  const { startNs, endNs } = span ?? { startNs: 0n, endNs: 0n };
  const binNs = await binNsOf(counts, "packets", "packets_per_second");
  const [[bins = 0, names = 0, packets = 0, bytes = 0] = []] = await rowsOf(
    counts,
    `SELECT count(DISTINCT time_ns)::DOUBLE, count(DISTINCT series)::DOUBLE, sum(packets)::DOUBLE, sum(wire_bytes)::DOUBLE FROM this`,
  );
  const grid = gridOf(Number(bins), { startNs, endNs }, Math.min(Number(names), maxSeries + 1));
  const rate = `${unit}_per_second`;
  const points = await pointsOf(counts, ratesSql(rate, binNs), startNs, {
    grid,
    by: ["shown_rank", "shown_series"],
    y: "y",
    line: true,
  });
  const series = seriesOf(
    points
      .sort((a, b) => Number(a.series[0]) - Number(b.series[0]))
      .map((point) => ({ name: point.series[1] as string | null, point })),
    `${grouped(Number(names) - maxSeries)} series`,
  );
  const axis = unit === "bits" ? "Rate (bit/s)" : "Rate (packets/s)";
  const suffix = unit === "bits" ? "bit/s" : " packets/s";
  const caption = captioned({
    title: unit === "bits" ? "Bits per second over time" : "Packets per second over time",
    facts: [
      ...(span === null ? [] : [spanText({ startNs, endNs: endNs + binNs })]),
      `${counted(Number(packets), "packet")}, ${grouped(Number(bytes))} bytes`,
      `per ${durationText(binNs)}`,
      ...thinnedText(grid),
    ],
    sources: [{ provenance: counts.provenance, of: "packet" }],
  });
  return new Figure({
    data: series.map(({ name, fullName, color, points }) => ({
      type: "scatter",
      mode: "lines",
      name,
      x: points.map(({ x }) => x),
      y: points.map(({ y }) => y),
      line: { color, width: 1.5, shape: "hv" },
      hovertemplate: `%{x:.6~f} s: %{y:.4s}${suffix}<extra>${fullName}</extra>`,
    })),
    layout: {
      ...caption,
      showlegend: true,
      hovermode: "closest",
      xaxis: { title: { text: "Time since the first packet (s)" } },
      yaxis: { title: { text: axis }, rangemode: "tozero", exponentformat: "SI" },
      ...(count === 0 ? nothing(caption, "packets", counts.provenance) : {}),
    },
  });
}
