import { JSDOM } from "jsdom";
import { expect, test } from "vitest";
import { printable, printed, visible, xmlText } from "../../lib/html/index.js";
import { display, plot, SkbookError, sql, svg } from "../../lib/index.js";
import { skbook, useFolder, writeNotebook } from "./fixtures.js";

const folder = useFolder();
/** Sets a terminal's title, clears its screen, writes to its clipboard, goes back over what was printed, turns the line around. */
const hostile = "\x1b]0;owned\x07 \x1b[2J \x1b]52;c;cm0gLXJm\x07 \r\b\b \x9b31m \u202egnp.exe \x7f";
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const steering = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

test("text of hosts is printed without what steers a terminal", () => {
  for (const clean of [visible, printable, xmlText]) expect(clean(hostile)).not.toMatch(steering);
  expect(printable("one\r\n\ttwo")).toBe("one\n\ttwo");
  expect(printed(`\x1b[31mred\x1b[0m\r${"\x1b]0;x\x07"}`)).toBe("\x1b[31mred\x1b[0m\r\\u001b]0;x\\u0007");
  expect(xmlText("a\ud800b\udc00c\uffff😀")).toBe("a\\ud800b\\udc00c\\uffff😀");
});

test("an error's sentences steer no terminal, whoever said them", () => {
  const error = new SkbookError({ code: "X", tried: hostile, failed: hostile, todo: hostile });
  for (const text of [error.message, error.stack, error.tried, error.failed, error.todo, String(error)])
    expect(text).not.toMatch(steering);
});

test("what is shown outside a notebook steers no terminal", async () => {
  const shown: string[] = [];
  const { log } = console;
  console.log = (text: string) => shown.push(text);
  try {
    await display(hostile);
    await display({ "text/plain": hostile }, { raw: true });
    await display({ at: hostile });
    await display(await sql(`SELECT '${hostile}' AS "${hostile}"`, {}));
    await display(plot({ data: [{ type: "bar", x: [hostile], y: [1], name: hostile }] }));
  } finally {
    console.log = log;
  }
  expect(shown).toHaveLength(5);
  for (const text of shown) expect(text).not.toMatch(steering);
});

test("skbook run prints neither a notebook's text nor an error's as they are", async () => {
  const source = `// note\nthrow new Error(${JSON.stringify(hostile)}); /* ${hostile.replaceAll("\r", "")} */`;
  const notebook = writeNotebook(`${folder.path}/hostile.ipynb`, [source]);
  const { code, stderr } = await skbook(["run", notebook]).done;
  expect(code).toBe(1);
  expect(stderr).toContain("owned");
  expect(stderr).not.toMatch(steering);
});

test("the picture of a figure with labels of any text is XML", async () => {
  const label = `${hostile}\ud800 <b>&amp;</b> \u0000\ufffe`;
  const figure = plot({
    data: [{ type: "bar", x: [label, "b"], y: [1, 2], name: label, text: [label, label] }],
    layout: { title: { text: label }, xaxis: { title: { text: label } } },
  });
  for (const text of [
    await figure.svg(),
    String(svg`<svg xmlns="http://www.w3.org/2000/svg"><text>${label}</text></svg>`),
  ])
    expect(() => new JSDOM(text, { contentType: "image/svg+xml" })).not.toThrow();
});
