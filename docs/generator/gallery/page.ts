import { basename, join } from "node:path";
import { markdown } from "../../../kernel/html/index.js";
import { readNotebook, titleOf } from "../../../kernel/notebook/index.js";
import { packageRoot } from "../../../kernel/package.js";
import { escapeHtml } from "../../../lib/html/index.js";
import { type Entry, entries, pictureOf } from "./entries.js";

export const galleryFile = "docs/gallery/index.html";

const style = `
:root { color-scheme: light dark; --line: #d8dee4; --faint: #57606a; --code: #f6f8fa; }
@media (prefers-color-scheme: dark) { :root { --line: #30363d; --faint: #9aa4ae; --code: #1c2127; } }
body { font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; margin: 0 auto; max-width: 76rem;
  padding: 2rem 1.5rem 4rem; }
h1 { font-size: 1.9rem; margin: 0 0 .4rem; } h2 { font-size: 1.15rem; margin: 0 0 .4rem; text-wrap: balance; }
p { margin: .4rem 0; max-width: 46rem; }
main { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 32rem), 1fr)); margin-top: 1.5rem; }
article { border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
article > div { padding: .9rem 1.1rem 1.1rem; }
.picture { background: #fff; border-bottom: 1px solid var(--line); display: block; }
.picture img { display: block; height: 19rem; object-fit: contain; width: 100%; }
article p { color: var(--faint); }
code { background: var(--code); border-radius: 4px; font: .86rem/1.5 ui-monospace, Menlo, Consolas, monospace; padding: .12em .35em; }
pre { background: var(--code); border-radius: 6px; margin: .6rem 0 0; overflow-x: auto; padding: .5rem .8rem; }
pre code { padding: 0; }
`;

/** The gallery as a page: each notebook with its picture, what it is about, and how to run it. */
export async function galleryPage(): Promise<string> {
  const articles = await Promise.all(entries.map(article));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>skbook: notebooks</title>
<style>${style}</style>
</head>
<body>
<h1>Notebooks</h1>
<p>Each of them replays a recorded case until you tell it otherwise: it runs without a host, root or a network. The pictures are figures of these notebooks.</p>
<main>
${articles.join("\n")}
</main>
</body>
</html>
`;
}

async function article(entry: Entry): Promise<string> {
  const notebook = await readNotebook(join(packageRoot, entry.notebook));
  const title = titleOf(notebook) ?? entry.name;
  const about = notebook.cells[0]?.source.split(/\n{2,}/)[1] ?? "";
  return `<article>
<a class="picture" href="../../${entry.notebook}"><img alt="A figure of the notebook: ${escapeHtml(title)}" src="${basename(pictureOf(entry))}"></a>
<div>
<h2><a href="../../${entry.notebook}">${escapeHtml(title)}</a></h2>
${markdown(about).trim()}
<pre><code>npx skbook new ${entry.name}
npx skbook jupyterlab ${entry.name}.ipynb</code></pre>
</div>
</article>`;
}
