import { type Provenance, warningsOf } from "../tables/index.js";
import type { Layout } from "./spec.js";
import { textWidth } from "./static/index.js";
import { alarm, defaultSize, subtitleSize } from "./style.js";
import { label } from "./text.js";

/** Where rows of a figure come from. */
export interface Source {
  provenance: Provenance;
  /** What one row is, and what the loss is a loss of. */
  of: "event" | "packet" | "sample";
  /** What the reader calls the source, where that is not plain. */
  name?: string;
}

/** What stands above a figure. */
export interface Caption {
  title: string;
  /** Facts for the subtitle, put between the host and the loss: the time window, counts. */
  facts: string[];
  sources: Source[];
  /** Warnings of the figure's own, shown beside those about loss. */
  warnings?: string[];
}

const lineHeight = subtitleSize * 1.3;
/** Room beside the longest labels of a y axis: the badge starts where the axis does. */
const badgeWidth = 480;
const badgePadding = 10;

function badgesOf({ provenance, of, name }: Source): string[] {
  const warnings = warningsOf(provenance, of);
  return name === undefined ? warnings : warnings.map((warning) => `${name}: ${warning}`);
}

/** Facts in as few lines as fit the width. */
function filled(facts: string[], width: number): string[] {
  const lines: string[] = [];
  for (const fact of facts) {
    const longer = lines.length === 0 ? fact : `${lines.at(-1)} · ${fact}`;
    if (lines.length > 0 && textWidth(longer, subtitleSize) <= width) lines[lines.length - 1] = longer;
    else lines.push(fact);
  }
  return lines;
}

/** Title, subtitle with host, window and loss, and a badge for each warning, as parts of a plotly.js layout. */
export function captioned({ title, facts, sources, warnings = [] }: Caption): Layout {
  const hosts = sources.map(({ provenance }) => provenance.host).filter((host) => host !== null);
  const lossless = sources.every(({ provenance }) => provenance.lost === 0);
  const subtitle = filled(
    [...new Set(hosts), ...facts, ...(lossless ? ["0 lost"] : [])],
    defaultSize.width - 32,
  );
  const badges = filled([...sources.flatMap(badgesOf), ...warnings], badgeWidth);
  const badge = {
    text: badges.map(label).join("<br>"),
    align: "left",
    name: "warnings",
    xref: "paper",
    yref: "paper",
    x: 0,
    y: 1,
    xanchor: "left",
    yanchor: "bottom",
    yshift: 8,
    showarrow: false,
    font: { color: alarm, size: subtitleSize },
    bordercolor: alarm,
    borderpad: 3,
    bgcolor: "#FDECEE",
  };
  return {
    title: {
      text: label(title),
      subtitle: { text: subtitle.map(label).join("<br>") },
    },
    margin: {
      l: 64,
      r: 24,
      t:
        72 +
        (subtitle.length - 1) * lineHeight +
        (badges.length > 0 ? badges.length * lineHeight + badgePadding : 0),
      b: 56,
    },
    annotations: badges.length > 0 ? [badge] : [],
  };
}
