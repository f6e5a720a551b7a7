import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import json from "highlight.js/lib/languages/json";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import MarkdownIt from "markdown-it";
import { escapeHtml } from "../../lib/html/index.js";
import { Headings } from "./contents.js";

for (const [name, language] of Object.entries({ bash, json, sql, typescript }))
  hljs.registerLanguage(name, language);
hljs.registerAliases(["ts", "js", "javascript"], { languageName: "typescript" });

/** Code as HTML with its words marked by class; plain where the language is not known. */
export function highlighted(code: string, language: string): string {
  return hljs.getLanguage(language) === undefined
    ? escapeHtml(code)
    : hljs.highlight(code, { language }).value;
}

// Raw HTML stays off: a notebook's text is words, and whoever reads the page should be able to trust it.
const renderer = new MarkdownIt({ html: false, linkify: false, typographer: false, highlight: highlighted });

renderer.core.ruler.push("headings", ({ tokens, env }) => {
  for (const [index, token] of tokens.entries()) {
    if (token.type !== "heading_open" || !(env.headings instanceof Headings)) continue;
    const children = tokens[index + 1]?.children ?? [];
    const text = children.map(({ type, content }) => (type === "softbreak" ? " " : content)).join("");
    token.attrSet("id", env.headings.add(Number(token.tag.slice(1)), text).id);
  }
});

/** Markdown as HTML; its headings get ids, and go into the list where there is one. */
export function markdown(text: string, headings?: Headings): string {
  return renderer.render(text, { headings });
}
