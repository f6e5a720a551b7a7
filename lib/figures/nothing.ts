import type { Provenance } from "../tables/index.js";
import type { Layout } from "./spec.js";

/** The middle of an empty figure: none seen is not none, where events were lost. */
export function nothing(layout: Layout, what: string, { lost, partial, truncated }: Provenance): Layout {
  const sure = lost === 0 && !partial && !truncated;
  const text = sure ? `no ${what}` : `no ${what} seen: see the warning above`;
  const note = { text, xref: "paper", yref: "paper", x: 0.5, y: 0.5, showarrow: false, font: { size: 16 } };
  return { annotations: [...((layout.annotations ?? []) as object[]), note], showlegend: false };
}
