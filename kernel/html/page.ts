import { escapeHtml } from "../../lib/html/index.js";
import { figureType } from "../figures/index.js";
import { type Cell, type Notebook, titleOf } from "../notebook/index.js";
import { figureScripts } from "./figure.js";
import { highlighted, markdown } from "./markdown.js";
import { outputHtml } from "./output.js";
import { style } from "./style.js";

/** Scripts run (figures need them), but nothing can be fetched from or sent to anywhere. */
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
export async function pageOf(notebook: Notebook, name: string): Promise<string> {
  const scripts = notebook.cells.some(hasFigure) ? await figureScripts() : "";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escapeHtml(titleOf(notebook) ?? name)}</title>
<style>${style}</style>
</head>
<body>
<main>
${notebook.cells.map(cellHtml).join("\n")}
</main>
${scripts}</body>
</html>
`;
}

function hasFigure({ outputs = [] }: Cell): boolean {
  return outputs.some(
    ({ data }) => (data as Record<string, unknown> | undefined)?.[figureType] !== undefined,
  );
}

function cellHtml(cell: Cell): string {
  if (cell.cell_type === "markdown")
    return `<section class="cell markdown">\n${markdown(cell.source)}</section>`;
  if (cell.cell_type === "raw")
    return `<section class="cell"><pre>${escapeHtml(cell.source)}</pre></section>`;
  const outputs = cell.outputs ?? [];
  const failed = outputs.some(({ output_type }) => output_type === "error");
  const shown =
    outputs.length === 0 ? "" : `\n<div class="outputs">${outputs.map(outputHtml).join("\n")}</div>`;
  return `<section class="cell code${failed ? " failed" : ""}">
<div class="count">${cell.execution_count ?? ""}</div>
<pre class="source"><code>${highlighted(cell.source.trimEnd(), "typescript")}</code></pre>${shown}
</section>`;
}
