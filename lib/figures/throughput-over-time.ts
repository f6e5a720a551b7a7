import type { Table } from "../tables/index.js";
import { captioned } from "./caption.js";
import { extentOf } from "./extent.js";
import { Figure } from "./figure.js";
import { needsColumns } from "./needs.js";
import { nothing } from "./nothing.js";
import { type Point, pointsOf } from "./points.js";
import { rowsOf } from "./rows.js";
import type { Trace } from "./spec.js";
import { binNsOf } from "./steps.js";
import { palette } from "./style.js";
import { counted, grouped, percent } from "./text.js";
import { gridOf, thinnedText } from "./thin.js";
import { durationText, spanText } from "./time.js";

const wanted = { figure: "throughputOverTime", made: 'tcpThroughput(capture, { flow: "tcp 0" })' };
const goodput = "goodput_bits_per_second";
const throughput = "throughput_bits_per_second";
const needed = [
  "time_ns",
  "flow",
  "sender",
  "payload_bytes",
  "resent_bytes",
  "wire_bytes",
  goodput,
  throughput,
];
const colors: { [sender: string]: string } = { client: palette[0], server: palette[1] };

/** Rates of each sender over all connections, and zero where it sent nothing: its table has no rows for such bins. */
function ratesSql(binNs: bigint): string {
  return `(
    WITH summed AS (
      SELECT sender, time_ns, sum(${goodput}) AS goodput, sum(${throughput}) AS throughput, sum(resent_bytes) AS resent
      FROM this GROUP BY sender, time_ns
    ), followed AS (
      SELECT *, lead(time_ns) OVER (PARTITION BY sender ORDER BY time_ns) AS next_ns FROM summed
    ), stepped AS (
      SELECT sender, time_ns, goodput, throughput, resent FROM followed
      UNION ALL
      SELECT sender, time_ns + ${binNs}, 0, 0, 0 FROM followed WHERE next_ns IS NULL OR next_ns > time_ns + ${binNs}
    )
    SELECT sender, 'goodput' AS rate, time_ns, goodput AS y FROM stepped
    UNION ALL
    SELECT sender, 'throughput', time_ns, throughput FROM stepped
    UNION ALL
    SELECT sender, 'resent', time_ns, throughput FROM stepped WHERE resent > 0)`;
}

function rateTrace(sender: string, rate: string, points: Point[]): Trace {
  const color = colors[sender] ?? palette[2];
  const name = rate === "goodput" ? `${sender}: goodput` : `${sender}: throughput`;
  return {
    type: "scatter",
    mode: "lines",
    name,
    x: points.map(({ x }) => x),
    y: points.map(({ y }) => y),
    line: { color, shape: "hv", ...(rate === "goodput" ? { width: 2 } : { width: 1, dash: "dot" }) },
    hovertemplate: `%{x:.6~f} s: %{y:.4s}bit/s<extra>${name}</extra>`,
  };
}

function resentTrace(sender: string, points: Point[]): Trace {
  const name = `${sender}: sent again`;
  return {
    type: "scatter",
    mode: "markers",
    name,
    x: points.map(({ x }) => x),
    y: points.map(({ y }) => y),
    marker: {
      symbol: sender === "client" ? "triangle-up" : "triangle-down",
      color: palette[5],
      size: 8,
      line: { color: "#FFFFFF", width: 0.5 },
    },
    hovertemplate: `%{x:.6~f} s: some data was sent again<extra>${name}</extra>`,
  };
}

/**
 * Rates of TCP over time, of client and server: goodput (payload without what was sent again) as a full line, throughput (all bits on
 * the wire) as a dotted one, a triangle for each bin in which data was sent again. A gap between the two lines is headers and
 * retransmissions; a line at zero is a pause. Of several connections the rates are added.
 *
 * Time is seconds since the first bin; the subtitle has the absolute time. Of more than 1,000 bins, each stretch of time (at most 250)
 * shows its extremes.
 *
 * @param rates as `tcpThroughput` returns them, of one connection or several
 * @throws SkbookError `BAD_PARAMETER` for another table
 * @example await throughputOverTime(await tcpThroughput(cap, { flow: "tcp 5", binMs: 10 }))
 */
export async function throughputOverTime(rates: Table): Promise<Figure> {
  needsColumns(wanted, rates, needed);
  const { count, span } = await extentOf(rates);
  const { startNs, endNs } = span ?? { startNs: 0n, endNs: 0n };
  const binNs = await binNsOf(rates, "8 * wire_bytes", throughput);
  const [[bins = 0, flows = 0, flow = null, payload = 0, resent = 0] = []] = await rowsOf(
    rates,
    "SELECT count(DISTINCT time_ns)::DOUBLE, count(DISTINCT flow)::DOUBLE, min(flow), sum(payload_bytes)::DOUBLE, sum(resent_bytes)::DOUBLE FROM this",
  );
  const grid = gridOf(Number(bins), { startNs, endNs });
  const points = await pointsOf(rates, ratesSql(binNs), startNs, {
    grid,
    by: ["sender", "rate"],
    y: "y",
    line: true,
  });
  const data = ["client", "server"].flatMap((sender) =>
    ["throughput", "goodput", "resent"].flatMap((rate) => {
      const own = points.filter(({ series }) => series[0] === sender && series[1] === rate);
      if (own.length === 0) return [];
      return [rate === "resent" ? resentTrace(sender, own) : rateTrace(sender, rate, own)];
    }),
  );
  const caption = captioned({
    title: `Rates of ${flows === 1 ? flow : counted(Number(flows), "TCP connection")} over time`,
    facts: [
      ...(span === null ? [] : [spanText({ startNs, endNs: endNs + binNs })]),
      `${grouped(Number(payload))} bytes of payload, ${percent(Number(resent), Number(payload))} of it sent again`,
      `per ${durationText(binNs)}`,
      ...thinnedText(grid),
    ],
    sources: [{ provenance: rates.provenance, of: "packet" }],
  });
  return new Figure({
    data,
    layout: {
      ...caption,
      showlegend: true,
      hovermode: "closest",
      xaxis: { title: { text: "Time since the first packet (s)" } },
      yaxis: { title: { text: "Rate (bit/s)" }, rangemode: "tozero", exponentformat: "SI" },
      ...(count === 0 ? nothing(caption, "TCP packets", rates.provenance) : {}),
    },
  });
}
