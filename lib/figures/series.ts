import { grey, palette } from "./style.js";
import { label, shorten } from "./text.js";

/** How many names get a colour and a legend entry of their own. */
export const maxSeries = palette.length;

/** One series of a stacked chart: its values, and how it is drawn and named. */
export interface Series<Point> {
  /** Shown in the legend, shortened. */
  name: string;
  /** Shown when the pointer rests on it, in full. */
  fullName: string;
  color: string;
  points: Point[];
}

/**
 * Rows, in the order of their names' ranks, as series in the colours of the palette; the rows without a name are the
 * many small ones together, in grey, last.
 *
 * @param others how many names they stand for, as "12 reasons"
 */
export function seriesOf<Point>(
  rows: readonly { name: string | null; point: Point }[],
  others: string,
): Series<Point>[] {
  const byName = new Map<string | null, Point[]>();
  for (const { name, point } of rows) {
    const points = byName.get(name);
    if (points === undefined) byName.set(name, [point]);
    else points.push(point);
  }
  return [...byName].map(([name, points], i) => {
    const fullName = name ?? `other (${others})`;
    return {
      name: label(shorten(fullName)),
      fullName: label(fullName),
      color: name === null ? grey : (palette[i] ?? grey),
      points,
    };
  });
}
