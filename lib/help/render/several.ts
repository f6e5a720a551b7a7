import type { MimeBundle } from "../../cell/index.js";
import { escapeHtml } from "../../html/index.js";
import { type Entry, sentenceOf } from "../entry.js";
import { marked } from "./markup.js";
import { detailsHtml, kindOf, lineText } from "./one.js";

/** What a search has found, the best first: each opens with what it takes, what it returns, and a call. */
export function foundBundle(query: string, found: readonly Entry[], total: number): MimeBundle {
  if (found.length === 0) {
    const text = `Nothing is called or says "${query}". help() shows all there is.`;
    return { "text/html": `<p>${escapeHtml(text)}</p>`, "text/plain": text };
  }
  const more = total > found.length ? `, and ${total - found.length} that match it less` : "";
  const [best] = found;
  const call = best?.call ?? "";
  return {
    "text/html": `<div class="skbook-help"><p>${found.length} for <b>${escapeHtml(query)}</b>${more}</p>${found.map((entry, at) => entryHtml(entry, at === 0)).join("\n")}</div>`,
    "text/plain": [
      `${found.length} for "${query}"${more}`,
      lines(found),
      ...(call === "" ? [] : [call]),
      `help("${best?.name}") has its parameters and columns`,
    ].join("\n\n"),
  };
}

/** All there is to call, by page of the reference. */
export function overviewBundle(entries: readonly Entry[]): MimeBundle {
  const callable = entries.filter(({ kind, from }) => kind !== "type" && from === "skbook");
  const pages = [...new Set(callable.map(({ page }) => page))].map((page): [string, Entry[]] => [
    page,
    callable.filter((entry) => entry.page === page),
  ]);
  const how = 'help("retransmission") searches; ?flows in a cell shows one; Shift-Tab on a name, too.';
  return {
    "text/html": `<div class="skbook-help"><p>${escapeHtml(how)}</p>${pages.map(([page, of]) => `<details><summary><b>${escapeHtml(page)}</b> <small>${of.map(({ name }) => escapeHtml(name)).join(", ")}</small></summary>${of.map((entry) => entryHtml(entry, false)).join("\n")}</details>`).join("\n")}</div>`,
    "text/plain": [how, ...pages.map(([page, of]) => `${page}\n${lines(of)}`)].join("\n\n"),
  };
}

function lines(entries: readonly Entry[]): string {
  const width = Math.max(...entries.map(({ name }) => name.length));
  return entries.map((entry) => `  ${lineText(entry, width)}`).join("\n");
}

function entryHtml(entry: Entry, open: boolean): string {
  return `<details${open ? " open" : ""} style="margin:2px 0 2px 8px"><summary><b><code>${escapeHtml(entry.name)}</code></b> <small>${escapeHtml(kindOf(entry))}</small> ${marked(sentenceOf(entry))}</summary>${detailsHtml(entry, true)}</details>`;
}
