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

/**
 * A smaller SVG that looks the same: no classes, no empty groups, no declared defaults, numbers to 1/100 pixel, and
 * ids that start with `prefix` and are the same each time.
 */
export function slim(svg: string, prefix: string): string {
  let slimmed = nameIds(svg.replace(/<[^>]+>/g, slimTag), prefix);
  for (let before = ""; before !== slimmed; ) {
    before = slimmed;
    slimmed = slimmed.replace(/<path\/>|<(?:g|defs)(?: [^>]*)?\/>|<(g|defs)(?: [^>]*)?><\/\1>/g, "");
  }
  // The one declaration that all texts share, said once.
  return slimmed.replace("<svg ", '<svg style="white-space: pre" ');
}
