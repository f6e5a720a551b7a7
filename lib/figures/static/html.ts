import { escapeHtml } from "../../html/index.js";

/** A picture in a page: nothing in it runs, and it needs nothing else. */
export function pictureHtml(svg: string, alt: string): string {
  const source = `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
  return `<img alt="${escapeHtml(alt)}" src="${source}" style="max-width: 100%">`;
}
