import type { Arrow } from "./arrows.js";

/** Pixels: what a label needs above its arrow, what a time needs below another of the same end, and else. */
const labelHeight = 16;
const tickHeight = 12;
const least = 9;
/** Room above the first row, for the names of the ends. */
const top = 34;

/** A point of time at an end, and how far down it is drawn. */
export interface Row {
  y: number;
  ns: bigint;
  /** 0 client, 1 server, 0.5 on the way. */
  end: number;
}

/** An arrow with the rows that it starts and ends in. */
export interface Placed extends Arrow {
  start: Row;
  stop: Row;
}

interface Event {
  row: Row;
  labelled: boolean;
}

/** What a pause adds, in pixels: more for a longer one, by its order of magnitude. */
function pause(gapNs: bigint, usualNs: number): number {
  return Math.min(20, 7 * Math.log10(1 + Number(gapNs) / usualNs));
}

/** Every start and end of an arrow gets a row of its own, in order of time: downwards, but not to scale. */
export function placed(arrows: readonly Arrow[]): { arrows: Placed[]; rows: Row[]; height: number } {
  const events: Event[] = [];
  const placedArrows = arrows.map((arrow): Placed => {
    const start = { y: 0, ns: arrow.sentNs, end: arrow.from };
    events.push({ row: start, labelled: true });
    const level = arrow.sentNs === arrow.arrivedNs;
    const stop = level ? { ...start, end: arrow.to } : { y: 0, ns: arrow.arrivedNs, end: arrow.to };
    if (!level) events.push({ row: stop, labelled: false });
    return { ...arrow, start, stop };
  });
  events.sort((a, b) => (a.row.ns < b.row.ns ? -1 : a.row.ns > b.row.ns ? 1 : 0));
  const gaps = events.slice(1).map(({ row }, i) => row.ns - (events[i]?.row.ns ?? row.ns));
  const usual = Math.max(1, median(gaps.map(Number)));
  let y = top;
  events.forEach(({ row, labelled }, i) => {
    const before = events[i - 1]?.row;
    const room = labelled ? labelHeight : before?.end === row.end ? tickHeight : least;
    y += room + (i === 0 ? 0 : pause(gaps[i - 1] ?? 0n, usual));
    row.y = y;
  });
  for (const { start, stop, sentNs, arrivedNs } of placedArrows) if (sentNs === arrivedNs) stop.y = start.y;
  return { arrows: placedArrows, rows: events.map(({ row }) => row), height: y + labelHeight };
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
