import { packetKinds } from "../flow/index.js";
import type { Trace } from "../spec.js";
import { alarm, grey } from "../style.js";
import { mark } from "../summary.js";
import { label } from "../text.js";
import { seconds } from "../time.js";
import type { Fate } from "./arrows.js";
import type { Placed, Row } from "./rows.js";

/** Arrows of packets that arrived are coloured by kind; what became of others says their line. */
const fates: { [fate in Exclude<Fate, "arrived">]: { name: string; color: string; dash: string } } = {
  cut: { name: "in other packets at the other end (offloading)", color: grey, dash: "dash" },
  unsent: { name: "seen on arrival only", color: grey, dash: "dot" },
  uncovered: { name: "the other capture wasn't running", color: grey, dash: "dot" },
  "partly missing": { name: "partly missing at the other end", color: alarm, dash: "dash" },
  missing: { name: "not seen at the other end", color: alarm, dash: "dash" },
};

function hoverOf(arrow: Placed, startNs: bigint): string {
  const at = (ns: bigint) => `${seconds(ns - startNs).toFixed(6)} s`;
  const times =
    arrow.sentNs === arrow.arrivedNs ? at(arrow.sentNs) : `${at(arrow.sentNs)} to ${at(arrow.arrivedNs)}`;
  return `${label(arrow.text)}<br>${times}, ${arrow.frames}`;
}

function arrowTrace(
  name: string,
  arrows: Placed[],
  startNs: bigint,
  look: { color: string; dash: string },
  head: string,
): Trace {
  return {
    type: "scatter",
    mode: "lines+markers",
    name,
    x: arrows.flatMap(({ from, to }) => [from, to, null]),
    y: arrows.flatMap(({ start, stop }) => [start.y, stop.y, null]),
    text: arrows.flatMap((arrow) => [hoverOf(arrow, startNs), hoverOf(arrow, startNs), ""]),
    line: { color: look.color, width: 1.3, dash: look.dash },
    marker: {
      symbol: head,
      color: look.color,
      size: arrows.flatMap(() => [0, head === "arrow" ? 9 : 10, 0]),
      opacity: 1,
      ...(head === "arrow" ? { angleref: "previous" } : {}),
    },
    hovertemplate: `%{text}<extra>${name}</extra>`,
  };
}

/** One trace for each kind of packet that arrived, and one for each other fate. */
export function arrowTraces(arrows: Placed[], startNs: bigint): Trace[] {
  const kinds = packetKinds.flatMap(({ name, color }, kind) => {
    const own = arrows.filter((arrow) => arrow.fate === "arrived" && arrow.kind === kind);
    return own.length === 0 ? [] : [arrowTrace(name, own, startNs, { color, dash: "solid" }, "arrow")];
  });
  const others = (Object.keys(fates) as (keyof typeof fates)[]).flatMap((fate) => {
    const own = arrows.filter((arrow) => arrow.fate === fate);
    if (own.length === 0) return [];
    const { name, ...look } = fates[fate];
    const lost = fate === "missing" || fate === "partly missing";
    return [
      arrowTrace(name, own, startNs, look, lost ? "x" : fate === "uncovered" ? "circle-open" : "arrow"),
    ];
  });
  return [...kinds.reverse(), ...others];
}

/** What each packet is, above the start of its arrow; the arrows of others pass behind. */
export function labelNotes(arrows: Placed[]): object[] {
  return arrows.map(({ from, to, start, text }) => ({
    name: mark,
    text: label(text),
    x: from,
    xanchor: from < to ? "left" : "right",
    xshift: from < to ? 3 : -3,
    y: start.y - 1,
    yanchor: "bottom",
    showarrow: false,
    font: { size: 10 },
    borderpad: 0,
    bgcolor: "rgba(255,255,255,0.8)",
  }));
}

/** Times of rows, as an axis. */
export function timeAxis(rows: readonly Row[], startNs: bigint, height: number): object {
  return {
    range: [height, 0],
    tickvals: rows.map(({ y }) => y),
    ticktext: rows.map(({ ns }) => seconds(ns - startNs).toFixed(6)),
    tickfont: { size: 9 },
    showgrid: false,
    showline: false,
  };
}

/** Without a trace of its own, a second axis isn't drawn. */
export const rightAxisHolder: Trace = {
  type: "scatter",
  mode: "markers",
  x: [1],
  y: [0],
  yaxis: "y2",
  marker: { opacity: 0 },
  hoverinfo: "skip",
  showlegend: false,
};
