import type { Frame } from "../tables/index.js";
import { captioned } from "./caption.js";
import { Figure } from "./figure.js";
import { nothing } from "./nothing.js";
import { oneOf } from "./options.js";
import { rowsOf } from "./rows.js";
import { maxSeries, seriesOf } from "./series.js";
import { counted, grouped, label, shorten } from "./text.js";
import { shownSpan, spanText } from "./time.js";

/** How {@link dropsByReason} tells drops of one reason apart. */
export interface DropsByReasonOptions {
  /** The column whose values are the colours. Default "site". */
  by?: "site" | "device";
}

/** More reasons than this are one bar together. */
const maxReasons = 20;
const barHeight = 28;

type CountRow = [reason: string | null, name: string | null, drops: number, names: number];

/** Drops by reason and name, both in order of their totals, what is beyond the limits together as null. */
async function counts(summary: Frame, by: string): Promise<CountRow[]> {
  const rows = await rowsOf(
    summary,
    `
    WITH named AS (
      SELECT coalesce(reason, 'unknown') AS reason, coalesce(${by}, 'unknown') AS name, drops FROM this
    ), names AS (
      SELECT name, least(row_number() OVER (ORDER BY sum(drops) DESC, name), ${maxSeries + 1}) AS name_rank
      FROM named GROUP BY name
    ), reasons AS (
      SELECT reason, least(row_number() OVER (ORDER BY sum(drops) DESC, reason), ${maxReasons + 1}) AS reason_rank
      FROM named GROUP BY reason
    )
    SELECT CASE WHEN reason_rank <= ${maxReasons} THEN reason END AS reason,
      CASE WHEN name_rank <= ${maxSeries} THEN name END AS name,
      sum(drops)::DOUBLE AS drops, (SELECT count(*) FROM names)::DOUBLE AS names
    FROM named JOIN names USING (name) JOIN reasons USING (reason)
    GROUP BY 1, 2, name_rank, reason_rank ORDER BY name_rank, reason_rank`,
  );
  return rows as CountRow[];
}

function totalsOf(rows: CountRow[]): [bar: string, drops: number][] {
  const totals = new Map<string, number>();
  for (const [reason, , drops] of rows) totals.set(barOf(reason), (totals.get(barOf(reason)) ?? 0) + drops);
  return [...totals].sort(([, a], [, b]) => b - a);
}

function barOf(reason: string | null): string {
  return label(shorten(reason ?? "other reasons", 40));
}

/**
 * Horizontal bars of drops by reason, the most frequent on top, coloured by where they happened: the kernel function
 * (`site`) or the device. The number at the end of a bar is its total.
 *
 * @param summary counts by reason, as `dropSummary` returns them: needs `reason`, `drops` and the column `by`
 * @throws SkbookError `BAD_PARAMETER` for a `by` that is no column of places
 * @example await dropsByReason(await dropSummary(host, { seconds: 10 }))
 */
export async function dropsByReason(
  summary: Frame,
  { by = "site" }: DropsByReasonOptions = {},
): Promise<Figure> {
  oneOf("dropsByReason", "by", by, ["site", "device"]);
  const { provenance } = summary;
  const rows = await counts(summary, by);
  const series = seriesOf(
    rows.map(([reason, name, drops]) => ({ name, point: { y: barOf(reason), x: drops } })),
    counted((rows[0]?.[3] ?? 0) - maxSeries, by),
  );
  const totals = totalsOf(rows);
  const drops = totals.reduce((sum, [, count]) => sum + count, 0);
  const span = shownSpan(provenance, null);
  const caption = captioned({
    title: `Drops by reason and ${by}`,
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
    y: totals.map(([reason]) => reason),
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
      yaxis: { type: "category", categoryarray: totals.map(([reason]) => reason), autorange: "reversed" },
      ...(totals.length === 0 ? nothing(caption, "drops", provenance) : {}),
    },
  });
}
