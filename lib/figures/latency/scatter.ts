import type { Frame, Provenance, Table } from "../../tables/index.js";
import { captioned } from "../caption.js";
import { extentOf } from "../extent.js";
import { Figure } from "../figure.js";
import { nothing } from "../nothing.js";
import { type Point, pointsOf } from "../points.js";
import { rankedSql } from "../ranked.js";
import { rowsOf } from "../rows.js";
import { maxSeries, seriesOf } from "../series.js";
import type { Layout, Trace } from "../spec.js";
import { alarm } from "../style.js";
import { counted, grouped } from "../text.js";
import { gridOf, thinnedText } from "../thin.js";
import { spanText } from "../time.js";
import { type Durations, durationAxis, durationUnit, type Scale, scaleOf } from "./scale.js";
import type { Timed } from "./source.js";

/** What a scatter of durations over time is drawn of. */
interface Scatter {
  figure: string;
  table: Table | Frame;
  timed: Timed;
  /** SQL: the name of a row's series. */
  name: string;
  /** What a series is, for the legend: "server". */
  group: string;
  scale: Scale | undefined;
}

interface Counts extends Durations {
  answered: number;
  again: number;
  unanswered: number;
  names: number;
}

async function countsOf({ table, timed, name }: Scatter): Promise<Counts> {
  const [row = []] = await rowsOf(
    table,
    `
    WITH timed AS (SELECT ${timed.rtt} AS rtt, ${timed.waited} AS waited, ${timed.unanswered} AS unanswered, ${name} AS series FROM this)
    SELECT count(rtt)::DOUBLE, count(waited)::DOUBLE, (count(*) FILTER (unanswered))::DOUBLE, count(DISTINCT series)::DOUBLE,
      min(coalesce(rtt, waited))::DOUBLE, quantile_disc(coalesce(rtt, waited), 0.5)::DOUBLE, max(coalesce(rtt, waited))::DOUBLE
    FROM timed`,
  );
  const [answered = 0, again = 0, unanswered = 0, names = 0] = row.slice(0, 4).map(Number);
  const [leastNs = null, medianNs = null, mostNs = null] = row.slice(4) as (number | null)[];
  return { answered, again, unanswered, names, leastNs, medianNs, mostNs };
}

const again = "asked again: what the client waited";

/** Durations over time by series, what had to be asked again, and below them, on a line of their own, what was never answered. */
export async function latencyScatter(scatter: Scatter): Promise<Figure> {
  const { figure, table, timed, name, group, scale: asked } = scatter;
  const { count, span } = await extentOf(table);
  const { startNs, endNs } = span ?? { startNs: 0n, endNs: 0n };
  const counts = await countsOf(scatter);
  const grid = gridOf(count, { startNs, endNs });
  const unit = durationUnit(counts);
  const scale = scaleOf(figure, asked, counts);
  const points = await pointsOf(
    table,
    `(${rankedSql(name)}
      SELECT 'answered' AS kind, shown_rank, shown_series, time_ns, frame, ${timed.rtt} AS ns FROM named
      UNION ALL
      SELECT 'again', 0, NULL, time_ns, frame, ${timed.waited} FROM named
      UNION ALL
      SELECT 'unanswered', 0, NULL, time_ns, frame, 0 FROM named WHERE ${timed.unanswered})`,
    startNs,
    // What takes no time can't be on a logarithmic axis.
    {
      grid,
      by: ["kind", "shown_rank", "shown_series"],
      y: `CASE WHEN ns IS NOT NULL THEN greatest(ns, ${scale === "log" ? 1 : 0}) / ${unit.ns} END`,
      beside: ["frame"],
    },
  );
  const of = (kind: string) => points.filter(({ series }) => series[0] === kind);
  const series = seriesOf(
    of("answered")
      .sort((a, b) => Number(a.series[1]) - Number(b.series[1]))
      .map((point) => ({ name: point.series[2] as string | null, point })),
    counted(counts.names - maxSeries, group),
  );
  const data: Trace[] = [
    ...series.map(({ name, fullName, color, points }) =>
      dots(name, fullName, points, unit.name, { color, size: 5, opacity: 0.7 }),
    ),
    ...(counts.again === 0
      ? []
      : [
          dots("asked again", again, of("again"), unit.name, {
            color: "#222222",
            symbol: "diamond-open",
            size: 8,
          }),
        ]),
    ...(counts.unanswered === 0 ? [] : [unansweredTrace(of("unanswered"), counts.unanswered)]),
  ];
  const caption = captioned({
    title: `${timed.title} over time`,
    facts: [
      ...(span === null ? [] : [spanText(span)]),
      counted(count, timed.noun),
      ...(counts.again === 0 ? [] : [`${grouped(counts.again)} asked again`]),
      ...(counts.unanswered === 0 ? [] : [`${grouped(counts.unanswered)} unanswered`]),
      ...thinnedText(grid),
    ],
    sources: [{ provenance: table.provenance, of: "packet" }],
  });
  return new Figure({
    data,
    layout: {
      ...caption,
      showlegend: true,
      legend: { itemsizing: "constant" },
      hovermode: "closest",
      xaxis: {
        title: { text: "Time since the first packet (s)" },
        ...(counts.unanswered === 0 ? {} : { anchor: "y2" }),
      },
      yaxis: {
        ...durationAxis("Time to the answer", scale, unit),
        ...(counts.unanswered === 0 ? {} : { domain: [0.14, 1] }),
      },
      ...(counts.unanswered === 0 ? {} : { yaxis2: lostAxis }),
      ...emptyNote(caption, table.provenance, count, timed.noun),
    },
  });
}

function emptyNote(caption: Layout, provenance: Provenance, count: number, noun: string): object {
  return count === 0 ? nothing(caption, `${noun}s`, provenance) : {};
}

/** The line of what was never answered, below the durations. */
const lostAxis = {
  domain: [0, 0.08],
  range: [-1, 1],
  tickvals: [0],
  ticktext: ["unanswered"],
  showgrid: false,
  fixedrange: true,
};

function dots(name: string, fullName: string, points: Point[], unit: string, marker: object): Trace {
  return {
    type: "scatter",
    mode: "markers",
    name,
    x: points.map(({ x }) => x),
    y: points.map(({ y }) => y),
    customdata: points.map(({ beside, standsFor }) => [beside[0], standsFor]),
    marker,
    hovertemplate: `%{x:.6~f} s: %{y:.4~g} ${unit}, frame %{customdata[0]}, one of %{customdata[1]} about then<extra>${fullName}</extra>`,
  };
}

function unansweredTrace(points: Point[], count: number): Trace {
  return {
    type: "scatter",
    mode: "markers",
    name: `unanswered (${grouped(count)})`,
    x: points.map(({ x }) => x),
    y: points.map(() => 0),
    yaxis: "y2",
    customdata: points.map(({ beside, standsFor }) => [beside[0], standsFor]),
    marker: { symbol: "x", color: alarm, size: 8 },
    hovertemplate:
      "%{x:.6~f} s: never answered, frame %{customdata[0]}, one of %{customdata[1]} about then<extra>unanswered</extra>",
  };
}
