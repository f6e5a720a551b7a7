import type { Frame, Value } from "../tables/index.js";
import { captioned } from "./caption.js";
import { Figure } from "./figure.js";
import { needsColumns } from "./needs.js";
import { nothing } from "./nothing.js";
import { palette } from "./style.js";
import { counted, label, shorten } from "./text.js";
import { approximately, shownSpan, spanText } from "./time.js";

const wanted = { figure: "latencyBars", made: "softirqSummary(host, { seconds: 10 })" };
const needed = ["count", "p50_low_ns", "p50_high_ns", "p99_low_ns", "p99_high_ns"];
const maxRows = 30;
const rowHeight = 30;

const drawn = [
  { name: "p50", low: "p50_low_ns", high: "p50_high_ns", color: palette[0] },
  { name: "p99", low: "p99_low_ns", high: "p99_high_ns", color: palette[5] },
];

/**
 * Where half of the samples, and where 99 of a hundred, lie in each row of a summary of latencies: a bar from the bound below of the 50th percentile to the bound above, and one of the 99th, on an axis of
 * decades. Rows stand in the order of the summary, the first on top: of stages, of softirqs, of threads.
 *
 * @param summary with `count` and percentiles as bounds: as `stageSummary`, `softirqSummary`, `runQueueSummary`, `wakeupSummary`, `offCpuSummary`, `futexSummary`, `qdiscLatencySummary`, `backlogSummary`, `echoSummary` or `gapSummary` returns it
 * @throws SkbookError `BAD_PARAMETER` for another table
 * @example await latencyBars(await softirqSummary(host, { seconds: 10, by: ["vector", "cpu"] }))
 */
export async function latencyBars(summary: Frame): Promise<Figure> {
  needsColumns(wanted, summary, needed);
  const { provenance, columns } = summary;
  const at = (name: string) => columns.indexOf(name);
  const named = summary.schema.slice(0, at("count"));
  const nameOf = (row: Value[]) =>
    named.map(({ name, type }, index) => {
      const value = row[index] ?? null;
      if (value === null) return "–";
      return type === "VARCHAR" ? String(value) : `${name} ${value}`;
    });
  const all = (summary.values as Value[][]).filter((row) => row[at("p99_high_ns")] !== null);
  const shown = all.slice(0, maxRows).map((row, index) => ({
    row,
    // Two rows may have one name when it is cut.
    place: index,
    name: shorten(nameOf(row).join(" · ") || "all", 42),
    full: `${nameOf(row).join(" · ") || "all"}, ${counted(Number(row[at("count")]), "sample")}`,
  }));
  const span = shownSpan(provenance, null);
  const caption = captioned({
    title: "Latency: half, and 99 of a hundred",
    facts: [
      ...(span === null ? [] : [spanText(span)]),
      counted(all.length, "row"),
      ...(all.length > maxRows ? [`the first ${maxRows} are drawn`] : []),
    ],
    sources: [{ provenance, of: "event" }],
  });
  const toUs = (value: Value) => Math.max(Number(value), 1) / 1_000;
  return new Figure({
    data:
      shown.length === 0
        ? []
        : drawn.map(({ name, low, high, color }) => ({
            type: "scatter",
            mode: "lines+markers",
            name,
            x: shown.flatMap(({ row }) => [toUs(row[at(low)] ?? 0), toUs(row[at(high)] ?? 0), null]),
            y: shown.flatMap(({ place }) => [place, place, null]),
            line: { color, width: 9 },
            marker: { color, size: 9, symbol: "line-ns", line: { color, width: 2 } },
            connectgaps: false,
            hovertext: shown.flatMap(({ row, full }) => {
              const text = `${label(full)}: ${name} ${approximately(Number(row[at(low)]))} to ${approximately(Number(row[at(high)]))}`;
              return [text, text, ""];
            }),
            hoverinfo: "text",
          })),
    layout: {
      ...caption,
      height: Number((caption.margin as { t: number }).t) + 56 + rowHeight * Math.max(shown.length, 5),
      margin: { ...(caption.margin as object), l: 260 },
      showlegend: true,
      hovermode: "closest",
      xaxis: { type: "log", title: { text: "Took (µs), bound below to bound above" } },
      yaxis: {
        range: [Math.max(shown.length, 5) - 0.5, -0.5],
        tickvals: shown.map(({ place }) => place),
        ticktext: shown.map(({ name }) => label(name)),
        zeroline: false,
      },
      ...(shown.length === 0 ? nothing(caption, "samples", provenance) : {}),
    },
  });
}
