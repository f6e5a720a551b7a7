import type { Table } from "../../tables/index.js";
import { captioned } from "../caption.js";
import { extentOf } from "../extent.js";
import { Figure } from "../figure.js";
import { needsColumns, oneFlow } from "../needs.js";
import { nothing } from "../nothing.js";
import { rowsOf } from "../rows.js";
import { grey, palette } from "../style.js";
import { binWidth, durationText, seconds, spanText } from "../time.js";

const wanted = { figure: "limitsOverTime", made: "socketWindows(samples, { flow })" };
/** By their columns, in the order of the stack. */
const limits = {
  application: grey,
  send_buffer: palette[1],
  receiver_window: palette[0],
  congestion_window: palette[4],
  pacing: palette[3],
  loss: palette[5],
  path: palette[2],
} as const;
const mostBars = 250;

/**
 * What held a sender up over time: a bar for each interval between two samples, of shares that add up to 1. Of more than 250 intervals, a bar stands for a stretch of time, by how long each interval was. An interval
 * of which it isn't known has no bar.
 *
 * @param windows one connection, as `socketWindows` returns it
 * @throws SkbookError `BAD_PARAMETER` for another table, or several connections
 * @example await limitsOverTime(await socketWindows(samples))
 */
export async function limitsOverTime(windows: Table): Promise<Figure> {
  const names = Object.keys(limits) as (keyof typeof limits)[];
  needsColumns(wanted, windows, ["time_ns", "flow", "elapsed_us", ...names.map((name) => `${name}_share`)]);
  const flow = await oneFlow(wanted, windows);
  const { count, span } = await extentOf(windows);
  const { startNs, endNs } = span ?? { startNs: 0n, endNs: 0n };
  const width = count > mostBars ? binWidth({ startNs, endNs }, mostBars) : null;
  const bin = width === null ? "time_ns" : `(time_ns - ${startNs}) // ${width}`;
  const share = (name: string) => `sum(${name}_share * elapsed_us) / sum(elapsed_us)`;
  const rows = await rowsOf(
    windows,
    `SELECT ${bin} AS bin, min(time_ns - elapsed_us * 1000) AS from_ns, max(time_ns) AS to_ns, ${names.map((name) => `${share(name)} AS ${name}`).join(", ")}
     FROM this WHERE path_share IS NOT NULL GROUP BY 1 ORDER BY 1`,
  );
  const firstNs = rows.reduce<bigint | null>((least, row) => {
    const from = BigInt(row[1] as bigint | number);
    return least === null || from < least ? from : least;
  }, null);
  const ends = rows.map((row) =>
    [row[1], row[2]].map((ns) => seconds(BigInt(ns as bigint | number) - (firstNs ?? 0n))),
  ) as [number, number][];
  const data = names.flatMap((name, at) => {
    const y = rows.map((row) => Number(row[at + 3]));
    if (y.every((value) => value === 0)) return [];
    const label = name.replace("_", " ");
    return [
      {
        ...{ type: "bar", name: label, x: ends.map(([from, to]) => (from + to) / 2), y },
        width: ends.map(([from, to]) => to - from),
        marker: { color: limits[name], line: { width: 0 } },
        hovertemplate: `%{x:.6~f} s: %{y:.1%}<extra>${label}</extra>`,
      },
    ];
  });
  const caption = captioned({
    title: `What holds up ${flow ?? "no connection"}`,
    facts: [
      ...(span === null ? [] : [spanText(span)]),
      ...(width === null ? [] : [`a bar for each ${durationText(width)}`]),
    ],
    sources: [{ provenance: windows.provenance, of: "sample" }],
    warnings: count > 0 && rows.length === 0 ? ["unknown: the kernel or ss doesn't tell (4.10)"] : [],
  });
  return new Figure({
    data,
    layout: {
      ...caption,
      barmode: "stack",
      bargap: 0,
      showlegend: true,
      xaxis: { title: { text: "Time since the first sample (s)" } },
      yaxis: { title: { text: "Share of the time" }, range: [0, 1] },
      ...(data.length === 0 ? nothing(caption, "shares of time", windows.provenance) : {}),
    },
  });
}
