import type { Page } from "../pages.js";
import { code } from "./markdown.js";

/** Where each export stands: page and anchor. */
export type Places = ReadonlyMap<string, { page: string; anchor: string }>;

/** The anchors of headings: of equal ones on a page, later ones get a number, as GitHub gives it. */
export function placesOf(pages: readonly Page[]): Places {
  const places = new Map<string, { page: string; anchor: string }>();
  for (const { id, title, exports } of pages) {
    const seen = new Map([[title.toLowerCase(), 1]]);
    for (const { name } of exports) {
      const slug = name.toLowerCase();
      const before = seen.get(slug) ?? 0;
      seen.set(slug, before + 1);
      places.set(name, { page: id, anchor: before === 0 ? slug : `${slug}-${before}` });
    }
  }
  return places;
}

/** Turns `{@link name}` into a link where the reference has the name. */
export function linked(text: string, places: Places): string {
  return text.replaceAll(/\{@link\s+([\w.]+)(?:[\s|]+([^}]+))?\}/g, (_, target: string, label?: string) => {
    const words = code(label?.trim() ?? target);
    const place = places.get(target.split(".")[0] ?? "");
    return place === undefined ? words : `[${words}](${place.page}.md#${place.anchor})`;
  });
}
