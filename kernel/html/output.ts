import { escapeHtml } from "../../lib/html/index.js";
import type { Output } from "../notebook/index.js";
import { markdown } from "./markdown.js";
import { joined, plain } from "./text.js";

type Bundle = Record<string, unknown>;

/** How each type of a bundle is shown, the best one first. */
const renderers: [type: string, render: (data: string) => string][] = [
  ["text/html", (data) => data],
  ["text/markdown", (data) => markdown(data)],
  [
    "image/svg+xml",
    (data) => `<img alt="" src="data:image/svg+xml;base64,${Buffer.from(data).toString("base64")}">`,
  ],
  [
    "image/png",
    (data) => `<img alt="" src="data:image/png;base64,${escapeHtml(data.replaceAll("\n", ""))}">`,
  ],
  [
    "image/jpeg",
    (data) => `<img alt="" src="data:image/jpeg;base64,${escapeHtml(data.replaceAll("\n", ""))}">`,
  ],
  ["text/plain", (data) => `<pre>${plain(data)}</pre>`],
];

/** One output of a cell as HTML. */
export function outputHtml(output: Output): string {
  if (output.output_type === "stream") {
    return `<pre class="stream ${escapeHtml(String(output.name))}">${plain(joined(output.text))}</pre>`;
  }
  if (output.output_type === "error") {
    return `<pre class="error">${plain((output.traceback as string[]).join("\n"))}</pre>`;
  }
  const data = output.data as Bundle;
  const [type, render] = renderers.find(([name]) => data[name] !== undefined) ?? [];
  return type === undefined || render === undefined
    ? ""
    : `<div class="result">${render(joined(data[type]))}</div>`;
}
