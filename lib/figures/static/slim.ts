/** Declarations that say what a viewer assumes anyway, or that hold for live plots only. */
const noise =
  /(?:^|(?<=; ))(?:(?:fill-|stroke-)?opacity: 1|vector-effect: none|white-space: pre|cursor: [a-z]+|pointer-events: [a-z]+|text-anchor: start);\s?/g;

function slimTag(tag: string): string {
  return tag
    .replace(/ (?:class|data-[\w-]+|pointer-events)="[^"]*"/g, "")
    .replace(/ style="([^"]*)"/, (_, style: string) => {
      let kept = style.replaceAll("TOBESTRIPPED", "'").replace(noise, "").trim();
      if (!kept.includes("stroke: ")) kept = kept.replace(/stroke-width: [\d.]+px;\s?/, "").trim();
      return kept === "" ? "" : ` style="${kept}"`;
    })
    .replace(/-?\d+\.\d{3,}(?:e-\d+)?/g, (number) => String(Math.round(Number(number) * 100) / 100));
}

/** plotly.js invents ids at random: they become `prefix-0`, `prefix-1`, in order. */
function nameIds(svg: string, prefix: string): string {
  const names = new Map<string, string>();
  for (const [, id = ""] of svg.matchAll(/<[^>]* id="([^"]+)"/g)) names.set(id, `${prefix}-${names.size}`);
  const renamed = (id: string) => names.get(id) ?? id;
  return svg.replace(/<[^>]+>/g, (tag) =>
    tag
      .replace(/ id="([^"]+)"/, (_, id: string) => ` id="${renamed(id)}"`)
      .replace(/#([\w-]+)/g, (_, id: string) => `#${renamed(id)}`),
  );
}

/** So often a mark has to be there before it is worth a name. */
const often = 8;

const placed = /<path transform="translate\(([-\d.]+),([-\d.]+)\)"([^>]*?) d="([^"]*)"\/>/g;

/** A mark that is drawn many times, such as a point of a series, is described once. */
function nameMarks(svg: string, prefix: string): string {
  const counts = new Map<string, number>();
  for (const [, , , , d = ""] of svg.matchAll(placed)) counts.set(d, (counts.get(d) ?? 0) + 1);
  const names = new Map<string, string>();
  for (const [d, count] of counts) if (count >= often) names.set(d, `${prefix}-m${names.size}`);
  if (names.size === 0) return svg;
  const marks = [...names].map(([d, id]) => `<path id="${id}" d="${d}"/>`).join("");
  return svg
    .replace(placed, (path, x: string, y: string, style: string, d: string) => {
      const name = names.get(d);
      return name === undefined ? path : `<use xlink:href="#${name}" x="${x}" y="${y}"${style}/>`;
    })
    .replace(/>/, `><defs>${marks}</defs>`);
}

const alike =
  /<(?:path|use)(?: [^>]*)? style="([^"]*)"[^>]*\/>(?:<(?:path|use)(?: [^>]*)? style="\1"[^>]*\/>){2,}/g;

/** Neighbours of one style say it once, for all of them. */
function shareStyles(svg: string): string {
  return svg.replace(alike, (run, style: string) => {
    // It would make the group transparent as a whole, which looks different where its parts overlap.
    if (/(?:^|; )opacity:/.test(style)) return run;
    return `<g style="${style}">${run.replaceAll(` style="${style}"`, "")}</g>`;
  });
}

/**
 * A smaller SVG that looks the same: no classes, no empty groups, no declared defaults, numbers to 1/100 pixel, marks and styles
 * said once, and ids that start with `prefix` and are the same each time.
 */
export function slim(svg: string, prefix: string): string {
  let slimmed = nameIds(svg.replace(/<[^>]+>/g, slimTag), prefix);
  for (let before = ""; before !== slimmed; ) {
    before = slimmed;
    slimmed = slimmed.replace(/<path\/>|<(?:g|defs)(?: [^>]*)?\/>|<(g|defs)(?: [^>]*)?><\/\1>/g, "");
  }
  slimmed = shareStyles(nameMarks(slimmed, prefix));
  // The one declaration that all texts share, said once.
  return slimmed.replace("<svg ", '<svg style="white-space: pre" ');
}
