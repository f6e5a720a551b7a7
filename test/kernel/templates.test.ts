import MarkdownIt from "markdown-it";
import { expect, test } from "vitest";
import { html, jupyterDisplay, md, svg } from "../../lib/cell/index.js";
import { useKernel } from "./fixtures.js";

const kernel = useKernel();
const hostile = `<script>alert("1")</script>&'`;

test("html and svg escape what is put in, but for each other, and lists item by item", () => {
  expect(String(html`<p title="${hostile}">${[html`<b>${1}</b>`, "<i>", null]}${undefined}</p>`)).toBe(
    '<p title="&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;"><b>1</b>&lt;i&gt;</p>',
  );
  const circle = svg`<circle r="${'8" onload="x'}"/>`;
  expect(String(html`<svg>${circle}</svg>`)).toBe('<svg><circle r="8&quot; onload=&quot;x"/></svg>');
  expect(String(html`${"\u001b[31m\u202e"}`)).toBe("\\u001b[31m\\u202e");
});

test("each shows its own type, with its source for a terminal", () => {
  expect(html`<b>1</b>`[jupyterDisplay]()).toEqual({ "text/html": "<b>1</b>", "text/plain": "<b>1</b>" });
  expect(svg`<svg/>`[jupyterDisplay]()).toEqual({ "image/svg+xml": "<svg/>", "text/plain": "<svg/>" });
  expect(md`# ${1}`[jupyterDisplay]()).toEqual({ "text/markdown": "# 1", "text/plain": "# 1" });
});

test("the text of Markdown for a terminal has values as they are, but for control characters", () => {
  const bundle = md`**${"eth0.10"}** at ${[md`\`${"a_b"}\``, " <c>\u001b[31m\n"]}${null}`[jupyterDisplay]();
  expect(bundle["text/plain"]).toBe("**eth0.10** at `a_b` <c> [31m ");
  expect(bundle["text/markdown"]).toContain("eth0&#46;10");
});

/** As a front end that lets HTML in Markdown through. */
const render = (text: unknown) => new MarkdownIt({ html: true, linkify: true }).render(String(text)).trim();

test.each([
  "*a* _b_ `c` [d](javascript:alert(1)) ![e](f)",
  "<script>alert(1)</script> &amp;",
  "one\n\n# two\n\n- three\n```\nfour",
  "| a | b |\n|---|---|\n| ~~c~~ | \\ |",
  "http://evil.example www.evil.example",
  "\u202e\u001b[31m",
])("of a value that md is given nothing is Markdown: %j", (value) => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what is left of them is one blank
  const text = value.replace(/^[\u001b\u202e]+/, "").replace(/\n+/g, " ");
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").trim();
  expect(render(md`x ${value}`).replaceAll(/ +/g, " ")).toBe(`<p>x ${escaped}</p>`);
});

test("between backticks a value stands as it is, and can't end them", () => {
  const rendered = render(md`dropped at \`${"tcp_v4_rcv` <b>\n\n<i>"}\`, ${md`**${"*"}**`}`);
  expect(rendered).toBe("<p>dropped at <code>tcp_v4_rcv' &lt;b&gt; &lt;i&gt;</code>, <strong>*</strong></p>");
});

test.each([
  [
    "behind code of the cell's own",
    md`\`a\`${"<b>*x*"}\`b\``,
    "<p><code>a</code>&lt;b&gt;*x*<code>b</code></p>",
  ],
  ["behind an empty one", md`\`${""}\` \`${"a_b"}\``, "<p><code> </code> <code>a_b</code></p>"],
  ["beside a list's other items", md`- a\`\n- \`b\`${"<b>"}\`c\``, "&lt;b&gt;"],
  ["behind a backtick that is text", md`\\\`${"<b>"}\``, "&lt;b&gt;"],
])("a value that only seems to be between backticks is no HTML: %s", (_, text, expected) => {
  expect(render(text)).toContain(expected);
  expect(render(text)).not.toContain("<b>");
});

test("a cell shows them, and bundles of its own", async () => {
  const last = await kernel.run('import { display, html, md } from "skbook"; html`<b>${"<"}</b>`');
  expect(last.of("execute_result")[0]?.data).toMatchObject({ "text/html": "<b>&lt;</b>" });
  const { of } = await kernel.run(
    'await display(md`**${1}**`); await display({ "application/json": { a: 1 }, "text/plain": "a" }, { raw: true })',
  );
  expect(of("display_data").map(({ data }) => data)).toEqual([
    { "text/markdown": "**1**", "text/plain": "**1**" },
    { "application/json": { a: 1 }, "text/plain": "a" },
  ]);
  for (const wrong of ["'text'", "{}", "{ plain: 'x' }", "null"])
    expect((await kernel.run(`await display(${wrong}, { raw: true })`)).reply).toMatchObject({
      ename: "SkbookError",
      evalue: expect.stringContaining("[BAD_PARAMETER] it isn't an object of MIME types"),
    });
});
