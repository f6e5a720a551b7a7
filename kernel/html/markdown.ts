import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import json from "highlight.js/lib/languages/json";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import MarkdownIt from "markdown-it";
import { escapeHtml } from "../../lib/html/index.js";

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

export function markdown(text: string): string {
  return renderer.render(text);
}
