import type { Frame } from "../tables/index.js";
import { captioned } from "./caption.js";
import { Figure } from "./figure.js";
import { needsColumns } from "./needs.js";
import { nothing } from "./nothing.js";
import { wholeNumber } from "./options.js";
import { rowsOf } from "./rows.js";
import { alarm, grey, palette } from "./style.js";
import { counted, grouped, label, shorten } from "./text.js";
import { shownSpan, spanText } from "./time.js";

/** How {@link dropSankey} draws. */
export interface DropSankeyOptions {
  /** Of devices, reasons and sites, how many each have a bar of their own, 1 to 20; the others are one together. Default 8. */
  bars?: number;
}

/** From left to right. */
const layers = ["device", "reason", "site"] as const;
const unknown = { device: "no device", reason: "no reason", site: "unknown" };
const barHeight = 34;

type Path = [...names: [device: string | null, reason: string | null, site: string | null], drops: number];

/** Drops by path, in which null stands for what has no bar of its own. */
async function pathsOf(summary: Frame, bars: number): Promise<Path[]> {
  const ranked = layers.map(
    (layer) => `
    ${layer}s AS (SELECT ${layer}, row_number() OVER (ORDER BY sum(drops) DESC, ${layer}) AS rank FROM named GROUP BY ${layer})`,
  );
  const named = layers.map((layer) => `coalesce(${layer}, '${unknown[layer]}') AS ${layer}`);
  const shown = layers.map((layer) => `CASE WHEN ${layer}s.rank <= ${bars} THEN ${layer} END AS ${layer}`);
  const joins = layers.map((layer) => `JOIN ${layer}s USING (${layer})`);
  return (await rowsOf(
    summary,
    `WITH named AS (SELECT ${named.join(", ")}, drops FROM this WHERE drops > 0), ${ranked.join(", ")}
     SELECT ${shown.join(", ")}, sum(drops)::DOUBLE AS drops FROM named ${joins.join(" ")}
     GROUP BY ALL ORDER BY 4 DESC, 1, 2, 3`,
  )) as Path[];
}

/** One bar: where it stands, and what runs through it. */
interface Bar {
  layer: number;
  name: string | null;
  drops: number;
}

/** The bars of all layers, each by its drops; what is together comes last. */
function barsOf(paths: readonly Path[]): Bar[] {
  return layers.flatMap((_, layer) => {
    const sums = new Map<string | null, number>();
    for (const path of paths) {
      const name = path[layer] as string | null;
      sums.set(name, (sums.get(name) ?? 0) + path[3]);
    }
    return [...sums]
      .map(([name, drops]) => ({ layer, name, drops }))
      .sort((a, b) => Number(a.name === null) - Number(b.name === null) || b.drops - a.drops);
  });
}

/**
 * Drops as streams from the device that the packet was on, through the reason, to the kernel function that dropped it: bars and streams
 * are as high as there are drops. Streams have the colour of their reason.
 *
 * @param summary counts with `device`, `reason`, `site` and `drops`, as `dropSummary` returns them.
 * @throws SkbookError `BAD_PARAMETER` for a number of `bars` out of range, or a frame without these columns.
 * @example await dropSankey(await dropSummary(host, { seconds: 10 }))
 */
export async function dropSankey(summary: Frame, { bars = 8 }: DropSankeyOptions = {}): Promise<Figure> {
  wholeNumber("dropSankey", "bars", bars, 1, 20);
  needsColumns({ figure: "dropSankey", made: "dropSummary(host, { seconds: 10 })" }, summary, [
    ...layers,
    "drops",
  ]);
  const { provenance } = summary;
  const paths = await pathsOf(summary, bars);
  const nodes = barsOf(paths);
  const drops = paths.reduce((sum, path) => sum + path[3], 0);
  const reasons = nodes.filter(({ layer, name }) => layer === 1 && name !== null).map(({ name }) => name);
  const colorOf = (reason: string | null) =>
    reason === null ? grey : (palette[reasons.indexOf(reason)] ?? grey);
  const links = [0, 1].flatMap((layer) => streams(paths, nodes, layer, colorOf));
  const span = shownSpan(provenance, null);
  const caption = captioned({
    title: "Drops from device to reason to kernel function",
    facts: [...(span === null ? [] : [spanText(span)]), counted(drops, "drop")],
    sources: [{ provenance, of: "event" }],
  });
  const most = Math.max(3, ...layers.map((_, at) => nodes.filter(({ layer }) => layer === at).length));
  const text = ({ layer, name, drops: count }: Bar) =>
    label(`${shorten(name ?? `other ${layers[layer]}s`, 34)}  ${grouped(count)}`);
  return new Figure({
    data:
      paths.length === 0
        ? []
        : [
            {
              type: "sankey",
              arrangement: "fixed",
              node: {
                label: nodes.map(text),
                color: nodes.map(({ layer, name }) =>
                  layer === 1 ? colorOf(name) : layer === 0 ? grey : alarm,
                ),
                x: nodes.map(({ layer }) => [0.001, 0.5, 0.999][layer]),
                y: heights(nodes, drops),
                pad: 18,
                thickness: 14,
                line: { width: 0 },
                hovertemplate: "%{label} drops<extra></extra>",
              },
              link: {
                source: links.map(({ source }) => source),
                target: links.map(({ target }) => target),
                value: links.map(({ value }) => value),
                color: links.map(({ color }) => color),
                hovertemplate: "%{source.label} → %{target.label}: %{value} drops<extra></extra>",
              },
            },
          ],
    layout: {
      ...caption,
      height: Number((caption.margin as { t: number }).t) + 48 + barHeight * 1.6 * most,
      margin: { ...(caption.margin as object), l: 16, r: 16, b: 32 },
      ...(paths.length === 0 ? nothing(caption, "drops", provenance) : {}),
    },
  });
}

/** Where the middle of each bar is, from top (0) to bottom (1), with room between those of a layer. */
function heights(nodes: readonly Bar[], total: number): number[] {
  const room = 0.06;
  return layers.flatMap((_, layer) => {
    const own = nodes.filter((node) => node.layer === layer);
    const free = 1 - room * (own.length - 1);
    let top = 0;
    return own.map(({ drops }) => {
      const height = (drops / total) * free;
      const middle = top + height / 2;
      top += height + room;
      return Math.min(0.999, Math.max(0.001, middle));
    });
  });
}

/** What runs from the bars of a layer to those of the next, one stream for each reason. */
function streams(
  paths: readonly Path[],
  nodes: readonly Bar[],
  layer: number,
  colorOf: (reason: string | null) => string,
): { source: number; target: number; value: number; color: string }[] {
  const at = (of: number, name: string | null) =>
    nodes.findIndex((node) => node.layer === of && node.name === name);
  const sums = new Map<string, { source: number; target: number; value: number; color: string }>();
  for (const path of paths) {
    const source = at(layer, path[layer] as string | null);
    const target = at(layer + 1, path[layer + 1] as string | null);
    const key = `${source} ${target}`;
    const value = (sums.get(key)?.value ?? 0) + path[3];
    sums.set(key, { source, target, value, color: `${colorOf(path[1])}66` });
  }
  return [...sums.values()];
}
