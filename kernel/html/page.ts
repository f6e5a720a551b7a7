import { escapeHtml } from "../../lib/html/index.js";
import type { Cell, Notebook } from "../notebook/index.js";
import { contentsHtml, Headings } from "./contents.js";
import { highlighted, markdown } from "./markdown.js";
import { carriedOnce } from "./once.js";
import { outputHtml } from "./output.js";
import { style } from "./style.js";

/** Scripts of outputs run (figures need them), but nothing can be fetched from or sent to anywhere. */
const policy = [
  "default-src 'none'",
  "script-src 'unsafe-inline' 'unsafe-eval' blob:",
  "style-src 'unsafe-inline'",
  "img-src data: blob:",
  "font-src data:",
  "worker-src blob:",
  "form-action 'none'",
  "base-uri 'none'",
].join("; ");

/** A notebook as one HTML page that needs nothing else. `name` is its title where no heading gives one. */
export function pageOf(notebook: Notebook, name: string): string {
  const heading = notebook.cells
    .filter(({ cell_type }) => cell_type === "markdown")
    .map(({ source }) => /^#\s+(.+)$/m.exec(source)?.[1])
    .find((text) => text !== undefined);
  const headings = new Headings();
  const cells = notebook.cells.map((cell) => cellHtml(cell, headings)).join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escapeHtml(heading ?? name)}</title>
<style>${style}</style>
</head>
<body>
${contentsHtml(headings.all)}
<main>
${carriedOnce(cells)}
</main>
</body>
</html>
`;
}

function cellHtml(cell: Cell, headings: Headings): string {
  const id = escapeHtml(`cell-${cell.id}`);
  if (cell.cell_type === "markdown")
    return `<section class="cell markdown" id="${id}">\n${markdown(cell.source, headings)}</section>`;
  if (cell.cell_type === "raw")
    return `<section class="cell" id="${id}"><pre>${escapeHtml(cell.source)}</pre></section>`;
  const outputs = cell.outputs ?? [];
  const failed = outputs.some(({ output_type }) => output_type === "error");
  const shown =
    outputs.length === 0 ? "" : `\n<div class="outputs">${outputs.map(outputHtml).join("\n")}</div>`;
  return `<section class="cell code${failed ? " failed" : ""}" id="${id}">
<div class="count"><a href="#${id}">${cell.execution_count ?? ""}</a></div>
${sourceHtml(cell)}${shown}
</section>`;
}

/** The code of a cell, which folds to its first line; folded from the start where the notebook hides it. */
function sourceHtml({ source, metadata }: Cell): string {
  const code = source.trimEnd();
  const [first = "", ...rest] = code.split("\n");
  const more =
    rest.length === 0 ? "" : ` <small>${rest.length} more ${rest.length === 1 ? "line" : "lines"}</small>`;
  return `<details class="source"${isHidden(metadata) ? "" : " open"}><summary aria-label="Code: ${escapeHtml(first)}"><code>${escapeHtml(first)}</code>${more}</summary>
<pre><code>${highlighted(code, "typescript")}</code></pre></details>`;
}

/** Whether a front end has folded a cell's code, or one of its tags asks for that. */
function isHidden({ jupyter, tags }: Cell["metadata"]): boolean {
  const hidden = (jupyter as { source_hidden?: unknown } | undefined)?.source_hidden === true;
  return hidden || (Array.isArray(tags) && tags.includes("hide-input"));
}
