import { palette } from "../style.js";

/** Bins of time that a heat map has at most. */
export const maxBins = 120;

/** What a heat map over bins of time shows: the more, the darker. */
export interface Heat {
  name: string;
  /** Of the x axis, each so many seconds wide. */
  bins: number;
  width: number;
  y: readonly number[];
  z: readonly (readonly (number | null)[])[];
  text: readonly (readonly string[])[];
  /** Values of the lightest and of the darkest colour. */
  range: readonly [number, number];
  title: string;
  /** Marks of the colour bar: values of `z` and what they say. */
  ticks: readonly (readonly [number, string])[];
  hover: string;
}

/** A trace of one heat map. */
export function heatTrace({ name, bins, width, y, z, text, range, title, ticks, hover }: Heat) {
  return {
    type: "heatmap",
    name,
    x: Array.from({ length: bins }, (_, bin) => (bin + 0.5) * width),
    ...{ y, z, text, zmin: range[0], zmax: range[1] },
    colorscale: [
      [0, "#DCEAF6"],
      [0.5, palette[0]],
      [1, "#0B1F33"],
    ],
    colorbar: {
      title: { text: title },
      tickvals: ticks.map(([value]) => value),
      ticktext: ticks.map(([, said]) => said),
    },
    hovertemplate: `${hover}<extra></extra>`,
  };
}
