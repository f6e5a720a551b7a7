/**
 * The look of an exported notebook: its contents beside one column for reading, where there is room; outputs take all of the width, and scroll by
 * themselves where that isn't enough. On paper it is always light.
 */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1f2328; --faint: #656d76; --line: #d8dee4; --code: #f6f8fa; --link: #0969da;
  --keyword: #a3264f; --string: #0a5a8a; --number: #0550ae; --comment: #6a737d; --title: #6639ba; --type: #8a4600;
  --bad: #cf222e; --bad-paper: #fff1f0; --warn-paper: #fff8e1;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --ink: #dfe3e8; --faint: #8d96a0; --line: #30363d; --code: #1c2127; --link: #6cb2ff;
    --keyword: #ff8fa8; --string: #a1d0ff; --number: #7fbcff; --comment: #8b949e; --title: #d3b0ff; --type: #ffb26b;
    --bad: #ff7b72; --bad-paper: #2d1719; --warn-paper: #2b2414;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { padding: 2.5rem 1.5rem 5rem; min-width: 0; }
nav { padding: 1rem 1.5rem; font-size: .9rem; border-bottom: 1px solid var(--line); }
nav ul { list-style: none; margin: .5rem 0 0; padding: 0; }
nav li { margin: .3em 0; line-height: 1.35; } nav .level-2 { padding-left: .8rem; } nav .level-3 { padding-left: 1.6rem; }
nav a { text-decoration: none; } nav a:hover, nav a:focus-visible { text-decoration: underline; }
nav label { display: block; margin-bottom: .6rem; } summary { cursor: pointer; }
@media screen and (min-width: 75rem) {
  body { display: grid; grid-template-columns: 16rem minmax(0, 1fr); }
  nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; padding: 2.5rem 1rem 1rem 1.5rem;
    border-bottom: 0; }
}
h1, h2, h3, h4 { line-height: 1.25; margin: 2.2em 0 .6em; text-wrap: balance; }
h1 { font-size: 2rem; margin-top: .5em; } h2 { font-size: 1.45rem; } h3 { font-size: 1.15rem; }
p, li { max-width: 46rem; }
a { color: var(--link); }
code, pre { font: .86rem/1.55 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
:not(pre) > code { background: var(--code); border-radius: 4px; padding: .12em .35em; }
pre { margin: 0; overflow-x: auto; }
blockquote { margin: 1em 0; padding: .1em 1em; border-left: 3px solid var(--line); color: var(--faint); }
img, svg { max-width: 100%; }
.markdown pre { background: var(--code); border-radius: 6px; padding: .8em 1em; }
.cell { margin: 1.4rem 0; scroll-margin-top: 1rem; }
h1, h2, h3, h4 { scroll-margin-top: 1rem; } :target { outline: 2px solid var(--link); outline-offset: 6px; border-radius: 4px; }
.code { display: grid; grid-template-columns: 3.2rem minmax(0, 1fr); }
.count { color: var(--faint); font: .78rem/1.55 ui-monospace, Menlo, Consolas, monospace; padding-top: .85rem;
  text-align: right; padding-right: .8rem; user-select: none; }
.count a { color: inherit; text-decoration: none; }
.source { background: var(--code); border: 1px solid var(--line); border-radius: 6px; padding: .7rem 1rem; max-width: 62rem;
  position: relative; min-width: 0; }
.source > summary { color: var(--faint); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.source > summary code { background: none; padding: 0; }
.source[open] > summary { position: absolute; top: .45rem; right: .6rem; width: 1.2rem; height: 1.4rem; overflow: hidden;
  text-indent: 0; opacity: .55; } .source[open] > summary > * { display: none; }
.source[open] > summary:hover, .source[open] > summary:focus-visible { opacity: 1; }
body:has(#hide-code:checked) .source, body:has(#hide-code:checked) .count { display: none; }
.outputs { grid-column: 2; padding: .6rem 0 0; overflow-x: auto; }
.outputs > * + * { margin-top: .6rem; }
.stderr { background: var(--warn-paper); padding: .5rem .8rem; border-radius: 6px; }
.error { background: var(--bad-paper); border-left: 3px solid var(--bad); color: var(--bad); padding: .7rem 1rem;
  border-radius: 0 6px 6px 0; white-space: pre-wrap; }
.failed .source { border-color: var(--bad); }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3em .75em; border-bottom: 1px solid var(--line); text-align: left; }
th { font-weight: 600; }
.hljs-keyword, .hljs-built_in, .hljs-literal { color: var(--keyword); }
.hljs-string, .hljs-regexp, .hljs-template-variable { color: var(--string); }
.hljs-number, .hljs-attr { color: var(--number); }
.hljs-comment { color: var(--comment); font-style: italic; }
.hljs-title { color: var(--title); }
.hljs-type { color: var(--type); }
@media (max-width: 40rem) {
  main { padding: 1rem; } .code { grid-template-columns: minmax(0, 1fr); } .count { display: none; }
  .outputs { grid-column: 1; }
}
@media print {
  body { font-size: 10.5pt; } main, nav { padding: 0; } nav { border: 0; }
  nav label, nav summary, .source > summary { display: none; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; } .source { break-inside: avoid; max-width: none; }
  /* White words on a colour, as of severities, need their colour. */
  .outputs { print-color-adjust: exact; }
  .outputs, .outputs .scroll { overflow: visible !important; } .outputs table { font-size: 7.5pt; }
  /* Paper doesn't scroll: against a table's own style, too. */
  .outputs :is(th, td, th button) { white-space: normal !important; overflow-wrap: anywhere; }
  .outputs :is(th, td) { padding: .15em .35em !important; }
  thead { display: table-header-group; } tr, img, svg, .skbook-figure { break-inside: avoid; }
  /* A figure that a dark screen shows inverted. */
  .skbook-figure { filter: none !important; }
  h1, h2, h3, h4 { break-after: avoid; } :target { outline: 0; }
}
`;
