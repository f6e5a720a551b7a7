import { SkbookError } from "../errors/index.js";
import type { Frame, Table } from "../tables/index.js";
import { captioned } from "./caption.js";
import { Figure } from "./figure.js";
import {
  type Curve,
  durationAxis,
  groupSql,
  quantilesOf,
  type Scale,
  scaleOf,
  timedOf,
  told,
} from "./latency/index.js";
import { nothing } from "./nothing.js";
import { maxSeries } from "./series.js";
import type { Trace } from "./spec.js";
import { grey, palette } from "./style.js";
import { counted, grouped, label, shorten } from "./text.js";
import { approximately, type TimeUnit, unitOf } from "./time.js";

/** How {@link latencyEcdf} shows durations. */
export interface LatencyEcdfOptions {
  /** Of a single table, the column whose values have a curve each, as `latencyOverTime` has it. Default: the first there is. */
  by?: string;
  /** The axis of durations. Default: `log` where the longest is many times the median, else `linear`. */
  scale?: Scale;
}

const wanted = {
  figure: "latencyEcdf",
  made: "dnsQueries(capture), or pings(capture), or rttSamples(capture)",
};

/** Curves of one table by name, or one of each table. */
async function curvesOf(tables: Tables, by: string | undefined): Promise<Curve[]> {
  if (isSource(tables)) {
    const timed = timedOf(wanted, tables);
    return quantilesOf(tables, timed, groupSql("latencyEcdf", timed, by));
  }
  if (by !== undefined)
    throw badTables("by tells the rows of one table apart, and there are several", "leave by out");
  const entries = Object.entries(tables);
  if (entries.length === 0 || entries.length > maxSeries) {
    throw badTables(
      `it was given ${entries.length} tables`,
      `give one table, or 1 to ${maxSeries} by name: { before, after }`,
    );
  }
  const curves: Curve[] = [];
  for (const [name, table] of entries) {
    const timed = timedOf(wanted, table);
    for (const curve of await quantilesOf(table, timed, "'all'")) curves.push({ ...curve, name });
  }
  return curves;
}

type Tables = Table | Frame | { [name: string]: Table | Frame };

function isSource(tables: Tables): tables is Table | Frame {
  return typeof tables !== "object" || tables === null || typeof tables.sql === "function";
}

function badTables(failed: string, todo: string): SkbookError {
  return new SkbookError({ code: "BAD_PARAMETER", tried: "draw latencyEcdf", failed, todo });
}

function curveTraces(curve: Curve, index: number, unit: TimeUnit, scale: Scale): Trace[] {
  const color = curve.name === null ? grey : (palette[index] ?? grey);
  const at = (ns: number) => (scale === "log" ? Math.max(1, ns) : ns) / unit.ns;
  const percentiles = told
    .map((part, i) => `p${100 * part} ${approximately(curve.toldNs[i] ?? 0)}`)
    .join(" · ");
  const title = curve.name ?? "others";
  const name = label(shorten(title, 34));
  const steps = [{ ns: curve.leastNs, part: 0 }, ...curve.steps];
  return [
    {
      type: "scatter",
      mode: "lines",
      name: `${name}<br>${percentiles}`,
      x: steps.map(({ ns }) => at(ns)),
      y: steps.map(({ part }) => part),
      line: { color, width: 2, shape: "hv" },
      hovertemplate: `%{y:.2~%} took at most %{x:.4~g} ${unit.name}<extra>${label(title)}</extra>`,
    },
    {
      type: "scatter",
      mode: "markers",
      x: curve.toldNs.map(at),
      y: [...told],
      marker: { color, size: 8, line: { color: "#FFFFFF", width: 1 } },
      hovertemplate: `%{y:.0%}: %{x:.4~g} ${unit.name}<extra>${label(title)}</extra>`,
      showlegend: false,
    },
  ];
}

/** Dotted lines at the percentiles that are told. */
const levels = told.map((part) => ({
  type: "line",
  xref: "paper",
  x0: 0,
  x1: 1,
  y0: part,
  y1: part,
  line: { color: grey, width: 1, dash: "dot" },
  layer: "below",
}));
/** Their names at the right end: those of two near ones stand above and below. */
const levelNames = told.map((part) => ({
  text: `p${100 * part}`,
  xref: "paper",
  x: 1,
  xanchor: "left",
  y: part,
  yanchor: part === 0.95 ? "top" : part === 0.99 ? "bottom" : "middle",
  showarrow: false,
  font: { size: 10, color: "#555555" },
}));

/**
 * Distribution of how long answers took (ECDF): for each duration on the horizontal axis, the part of the answers that took at most that
 * long. The legend has the 50th, 95th and 99th percentile (nearest rank). What was never answered, or had to be asked again, is in no
 * curve; its number is in the warning above.
 *
 * A curve is drawn of 203 quantiles, computed in DuckDB: tables of any size do. The seven most frequent values of `by` have a colour each,
 * the rest is one grey curve.
 *
 * @param tables as `dnsQueries`, `pings` or `rttSamples` return it; or several by name, to compare: `{ before, after }`
 * @throws SkbookError `BAD_PARAMETER` for another table, more than 7 of them, or an option out of range
 * @example await latencyEcdf({ client: await dnsQueries(atClient), server: await dnsQueries(atServer) })
 */
export async function latencyEcdf(
  tables: Tables,
  { by, scale: asked }: LatencyEcdfOptions = {},
): Promise<Figure> {
  const curves = await curvesOf(tables, by);
  const answered = curves.filter(({ answered }) => answered > 0);
  const medians = answered.map(({ toldNs }) => toldNs[0] ?? 0).sort((a, b) => a - b);
  const medianNs = medians[Math.floor(medians.length / 2)] ?? null;
  const scale = scaleOf("latencyEcdf", asked, {
    leastNs: Math.min(...answered.map(({ leastNs }) => leastNs)),
    medianNs,
    mostNs: Math.max(...answered.map(({ mostNs }) => mostNs)),
  });
  const unit = unitOf(medianNs ?? 1e6);
  const sources = isSource(tables)
    ? [{ provenance: tables.provenance, of: "packet" as const }]
    : Object.entries(tables).map(([name, { provenance }]) => ({ name, provenance, of: "packet" as const }));
  const total = (of: "answered" | "again" | "unanswered") =>
    curves.reduce((sum, curve) => sum + curve[of], 0);
  const [again, unanswered] = [total("again"), total("unanswered")];
  const all = (isSource(tables) ? [tables] : Object.values(tables)).map((table) => timedOf(wanted, table));
  const alike = new Set(all.map(({ title }) => title)).size === 1;
  const { title, noun } = alike && all[0] !== undefined ? all[0] : { title: "Latency", noun: "request" };
  const caption = captioned({
    title: `${title}: distribution`,
    facts: [`${counted(total("answered"), "answer")}`],
    sources,
    warnings: [
      ...(unanswered === 0
        ? []
        : [
            `${grouped(unanswered)} of ${counted(total("answered") + again + unanswered, noun)} unanswered: in no curve`,
          ]),
      ...(again === 0 ? [] : [`${grouped(again)} asked again: in no curve`]),
    ],
  });
  const empty = answered.length === 0;
  return new Figure({
    data: answered.flatMap((curve, i) => curveTraces(curve, i, unit, scale)),
    layout: {
      ...caption,
      showlegend: true,
      legend: { x: 1.08 },
      hovermode: "closest",
      shapes: empty ? [] : levels,
      annotations: [...(caption.annotations as object[]), ...(empty ? [] : levelNames)],
      xaxis: durationAxis("Time to the answer", scale, unit),
      yaxis: { title: { text: "Part of the answers" }, range: [0, 1.03], tickformat: ".0%" },
      ...(empty && sources[0] !== undefined ? nothing(caption, "answers", sources[0].provenance) : {}),
    },
  });
}
