import type { Frame } from "../tables/index.js";
import { captioned } from "./caption.js";
import { Figure } from "./figure.js";
import { nothing } from "./nothing.js";
import { rowsOf } from "./rows.js";
import { maxSeries, seriesOf } from "./series.js";
import { counted, grouped, label, shorten } from "./text.js";
import { shownSpan, spanText } from "./time.js";

/** More bars than this are one together. */
const maxBars = 20;
const barHeight = 28;

type CountRow = [bar: string | null, name: string | null, drops: number, names: number];

/** Drops by bar and name, both in order of their totals, what is beyond the limits together as null. */
async function counts(summary: Frame, bar: string, by: string): Promise<CountRow[]> {
  const rows = await rowsOf(
    summary,
    `
    WITH named AS (
      SELECT coalesce(${bar}, 'unknown') AS bar, coalesce(${by}, 'unknown') AS name, drops FROM this
    ), names AS (
      SELECT name, least(row_number() OVER (ORDER BY sum(drops) DESC, name), ${maxSeries + 1}) AS name_rank
      FROM named GROUP BY name
    ), bars AS (
      SELECT bar, least(row_number() OVER (ORDER BY sum(drops) DESC, bar), ${maxBars + 1}) AS bar_rank
      FROM named GROUP BY bar
    )
    SELECT CASE WHEN bar_rank <= ${maxBars} THEN bar END AS bar,
      CASE WHEN name_rank <= ${maxSeries} THEN name END AS name,
      sum(drops)::DOUBLE AS drops, (SELECT count(*) FROM names)::DOUBLE AS names
    FROM named JOIN names USING (name) JOIN bars USING (bar)
    GROUP BY 1, 2, name_rank, bar_rank ORDER BY name_rank, bar_rank`,
  );
  return rows as CountRow[];
}

function totalsOf(rows: CountRow[], barOf: (bar: string | null) => string): [bar: string, drops: number][] {
  const totals = new Map<string, number>();
  for (const [bar, , drops] of rows) totals.set(barOf(bar), (totals.get(barOf(bar)) ?? 0) + drops);
  return [...totals].sort(([, a], [, b]) => b - a);
}

/** Horizontal bars of drops by one column, the most frequent on top, coloured by another; the number at the end of a bar is its total. */
export async function dropBars(
  summary: Frame,
  bar: "reason" | "site",
  by: "reason" | "site" | "device",
): Promise<Figure> {
  const { provenance } = summary;
  const rows = await counts(summary, bar, by);
  const barOf = (name: string | null) => label(shorten(name ?? `other ${bar}s`, 40));
  const series = seriesOf(
    rows.map(([name, color, drops]) => ({ name: color, point: { y: barOf(name), x: drops } })),
    counted((rows[0]?.[3] ?? 0) - maxSeries, by),
  );
  const totals = totalsOf(rows, barOf);
  const drops = totals.reduce((sum, [, count]) => sum + count, 0);
  const span = shownSpan(provenance, null);
  const caption = captioned({
    title: `Drops by ${bar} and ${by}`,
    facts: [...(span === null ? [] : [spanText(span)]), counted(drops, "drop")],
    sources: [{ provenance, of: "event" }],
  });
  const bars = series.map(({ name, fullName, color, points }) => ({
    type: "bar",
    orientation: "h",
    name,
    x: points.map(({ x }) => x),
    y: points.map(({ y }) => y),
    marker: { color },
    hovertemplate: `%{y}: %{x} drops<extra>${fullName}</extra>`,
  }));
  const ends = {
    type: "scatter",
    mode: "text",
    x: totals.map(([, count]) => count),
    y: totals.map(([name]) => name),
    text: totals.map(([, count]) => `\u00a0${grouped(count)}`),
    textposition: "middle right",
    cliponaxis: false,
    hoverinfo: "skip",
    showlegend: false,
  };
  return new Figure({
    data: totals.length === 0 ? [] : [...bars, ends],
    layout: {
      ...caption,
      height: Number((caption.margin as { t: number }).t) + 56 + barHeight * Math.max(totals.length, 5),
      barmode: "stack",
      bargap: 0.3,
      showlegend: true,
      legend: { traceorder: "normal" },
      xaxis: { title: { text: "Drops" }, range: [0, 1.12 * Math.max(1, totals[0]?.[1] ?? 0)] },
      yaxis: { type: "category", categoryarray: totals.map(([name]) => name), autorange: "reversed" },
      ...(totals.length === 0 ? nothing(caption, "drops", provenance) : {}),
    },
  });
}
