import type { MimeBundle } from "../cell/index.js";
import { escapeHtml } from "../html/index.js";

/** How far a piece of work has come. */
export interface Standing {
  /** Its share of the whole, 0 to 1; undefined where nobody knows the whole. */
  part?: number | undefined;
  /** What is known so far, in a few words each: `1,234 packets`. */
  facts: readonly string[];
}

const textWidth = 24;

/** A bar as the browser draws its own, in the colours of its theme, and one of characters. */
export function bar(title: string, { part, facts }: Standing): MimeBundle {
  const share = part === undefined ? undefined : Math.min(1, Math.max(0, part));
  const all = [...(share === undefined ? [] : [`${Math.floor(share * 100)} %`]), ...facts].join(" · ");
  const value = share === undefined ? "" : ` value="${share.toFixed(3)}"`;
  return {
    "text/html": [
      '<div class="skbook-progress" style="display: flex; gap: .75em; align-items: center; flex-wrap: wrap">',
      `<progress max="1"${value} aria-label="${escapeHtml(title)}" style="width: 14em"></progress>`,
      `<b>${escapeHtml(title)}</b> <span style="font-variant-numeric: tabular-nums">${escapeHtml(all)}</span></div>`,
    ].join(""),
    "text/plain": `${title}: ${share === undefined ? "" : `${blocks(share)} `}${all}`,
  };
}

function blocks(share: number): string {
  const full = Math.floor(share * textWidth);
  return `[${"#".repeat(full)}${"-".repeat(textWidth - full)}]`;
}
