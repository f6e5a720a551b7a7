import type { Table } from "../tables/index.js";
import { captioned } from "./caption.js";
import { extentOf } from "./extent.js";
import { Figure } from "./figure.js";
import { durationOf, heatTrace, maxBins } from "./latency/index.js";
import { needsColumns } from "./needs.js";
import { nothing } from "./nothing.js";
import { rowsOf } from "./rows.js";
import { counted } from "./text.js";
import { approximately, binWidth, durationText, seconds, shownSpan, spanText } from "./time.js";

/** What {@link latencyByCpu} shows. */
export interface LatencyByCpuOptions {
  /** Column with durations in nanoseconds. Default: the first there is of whole_ns, total_ns, waited_ns, off_ns, silent_ns and latency_ns. */
  of?: string;
}

const wanted = {
  figure: "latencyByCpu",
  made: 'softirqEvents(host, { seconds: 10, vectors: "NET_RX" })',
};
const maxCpus = 64;
const rowHeight = 22;
/** Shorter than this, and longer, the colour says no more. */
const decades = { least: 3, most: 10 };

/**
 * CPU by time: the darker a cell, the longer the longest wait of that CPU at that time. It tells one CPU that is late from all, a burst from a rhythm, and what moves from CPU to CPU. Its columns are equal stretches of the time that was
 * measured, at most 120; its rows CPUs, of which the 64 with the longest waits are drawn. Cells are found in DuckDB: tables of any size do.
 *
 * @param events a row for each event with `time_ns`, `cpu` and a duration, as `softirqEvents`, `backlogEvents` or `wakeupEvents` return them
 * @throws SkbookError `BAD_PARAMETER` for another table or column
 * @example await latencyByCpu(await softirqEvents(host, { seconds: 10, vectors: "NET_RX", slowerThanUs: 500 }))
 */
export async function latencyByCpu(events: Table, { of }: LatencyByCpuOptions = {}): Promise<Figure> {
  needsColumns(wanted, events, ["time_ns", "cpu"]);
  const column = durationOf(wanted, events, of);
  const duration = `"${column.replaceAll('"', '""')}"`;
  const { count, span: seen } = await extentOf(events);
  const span = shownSpan(events.provenance, seen);
  const { startNs, endNs } = span ?? { startNs: 0n, endNs: 0n };
  const binNs = binWidth({ startNs, endNs }, maxBins);
  const drawn = `${duration} >= 0 AND cpu IS NOT NULL AND time_ns IS NOT NULL`;
  const cells = (await rowsOf(
    events,
    `SELECT cpu::DOUBLE AS cpu, ((time_ns - ${startNs}) // ${binNs})::DOUBLE AS bin, count(*)::DOUBLE AS n, max(${duration})::DOUBLE AS longest
    FROM this WHERE ${drawn} AND cpu IN (SELECT cpu FROM this WHERE ${drawn} GROUP BY cpu ORDER BY max(${duration}) DESC, cpu LIMIT ${maxCpus}) GROUP BY ALL ORDER BY ALL`,
  )) as [cpu: number, bin: number, n: number, longestNs: number][];
  const [[taken = 0, all = 0] = []] = (await rowsOf(
    events,
    `SELECT count(*)::DOUBLE AS taken, count(DISTINCT cpu)::DOUBLE AS cpus FROM this WHERE ${drawn}`,
  )) as [number, number][];
  const cpus = [...new Set(cells.map(([cpu]) => cpu))];
  const bins = Number((endNs - startNs) / binNs) + 1;
  const z = cpus.map(() => Array<number | null>(bins).fill(null));
  const text = cpus.map(() => Array<string>(bins).fill(""));
  for (const [cpu, bin, n, longest] of cells) {
    const row = cpus.indexOf(cpu);
    (z[row] as (number | null)[])[bin] = Math.log10(Math.max(longest, 1));
    (text[row] as string[])[bin] = `${counted(n, "event")}, the longest ${approximately(longest)}`;
  }
  const levels = cells.map(([, , , longest]) => Math.log10(Math.max(longest, 1)));
  const low = Math.max(decades.least, Math.floor(Math.min(...levels, decades.most - 1)));
  const high = Math.max(low + 1, Math.min(decades.most, Math.ceil(Math.max(...levels, 0))));
  const ticks = Array.from({ length: high - low + 1 }, (_, index) => low + index);
  const width = seconds(binNs);
  const caption = captioned({
    title: "Latency by CPU",
    facts: [
      ...(span === null ? [] : [spanText(span)]),
      counted(count, "event"),
      `the longest ${column} per ${durationText(binNs)}`,
    ],
    sources: [{ provenance: events.provenance, of: "event" }],
    warnings: [
      ...(taken === count
        ? []
        : [`${counted(count - taken, "event")} without a duration or a CPU: not drawn`]),
      ...(all <= maxCpus ? [] : [`${all - maxCpus} of ${all} CPUs not drawn`]),
    ],
  });
  return new Figure({
    data:
      taken === 0
        ? []
        : [
            {
              ...heatTrace({
                name: column,
                ...{ bins, width, z, text },
                y: cpus.map((_, row) => row),
                range: [low, high],
                title: "Longest",
                ticks: ticks.map((decade) => [decade, approximately(10 ** decade)]),
                hover: "CPU %{y}, %{x:.3~f} s: %{text}",
              }),
              ygap: 2,
            },
          ],
    layout: {
      ...caption,
      height: Number((caption.margin as { t: number }).t) + 76 + rowHeight * Math.max(cpus.length, 8),
      xaxis: { title: { text: "Time (s)" }, range: [0, Math.max(width, bins * width)] },
      yaxis: {
        title: { text: "CPU" },
        range: [Math.max(cpus.length, 1) - 0.5, -0.5],
        tickvals: cpus.map((_, row) => row),
        ticktext: cpus.map(String),
        showgrid: false,
      },
      ...(taken === 0 ? nothing(caption, "events", events.provenance) : {}),
    },
  });
}
