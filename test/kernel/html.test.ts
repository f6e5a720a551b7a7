import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { JSDOM } from "jsdom";
import { describe, expect, test } from "vitest";
import { pageOf } from "../../kernel/html/index.js";
import type { Cell, Notebook } from "../../kernel/notebook/index.js";
import { useBrowser } from "../fixtures/browser.js";
import { describeLive } from "../fixtures/needs.js";
import { useFolder } from "./fixtures.js";

const text = (source: string): Cell => ({ cell_type: "markdown", id: "t", metadata: {}, source });
const code = (id: string, source: string, metadata = {}, html = ""): Cell => ({
  cell_type: "code",
  id,
  metadata,
  source,
  execution_count: 1,
  outputs: html === "" ? [] : [{ output_type: "display_data", data: { "text/html": html }, metadata: {} }],
});
const notebook = (...cells: Cell[]): Notebook => ({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells });

const wide = `<table><tr>${Array.from({ length: 60 }, (_, at) => `<td>column${at}</td>`).join("")}</tr></table>`;
const long = Array.from({ length: 60 }, () => "Words.\n\n").join("");
const page = await pageOf(
  notebook(
    text("# Slow `http` uploads\n\n## Verdict"),
    code("first", "const a = 1;\nconst b = 2;", {}, wide),
    text(`## Verdict\n\n#### Aside\n\n## <b>"x"</b> &\n\n${long}`),
    code("hidden", "const secret = 3;\nsecret", { jupyter: { source_hidden: true } }),
    code("tagged", "const folded = 4;", { tags: ["hide-input"] }),
  ),
  "page",
);

describe("the page of a notebook", () => {
  const { document } = new JSDOM(page).window;

  test("has its headings as contents, each with an anchor of its own", () => {
    const links = [...document.querySelectorAll<HTMLAnchorElement>("nav li a")];
    expect(links.map(({ textContent }) => textContent)).toEqual([
      "Slow http uploads",
      "Verdict",
      "Verdict",
      '<b>"x"</b> &',
    ]);
    const ids = links.map((link) => decodeURIComponent(link.hash.slice(1)));
    expect(new Set(ids).size).toBe(ids.length);
    for (const [at, id] of ids.entries())
      expect(document.getElementById(id)?.textContent).toBe(links[at]?.textContent);
    expect(document.querySelectorAll("nav b")).toHaveLength(0);
  });

  test("folds code to its first line, from the start where the notebook hides it", () => {
    const sources = [...document.querySelectorAll<HTMLDetailsElement>("details.source")];
    expect(sources.map(({ open }) => open)).toEqual([true, false, false]);
    expect(sources[1]?.querySelector("summary")?.textContent).toBe("const secret = 3; 1 more line");
    expect(sources[1]?.querySelector("pre")?.textContent).toContain("secret");
    expect(document.getElementById("cell-first")).not.toBeNull();
  });

  test("a notebook without headings has no contents", async () => {
    const { document: bare } = new JSDOM(await pageOf(notebook(code("a", "1")), "a")).window;
    expect(bare.querySelector("nav ul")).toBeNull();
  });
});

describeLive("the page in a browser", ["chromium"], () => {
  const browser = useBrowser();
  const folder = useFolder();
  const open = async () => {
    const path = join(folder.path, "page.html");
    writeFileSync(path, page);
    const opened = await browser.newPage();
    await opened.goto(`file://${path}`);
    return opened;
  };

  test("contents stay beside the text and lead to its parts; tables get all of the width", async () => {
    const opened = await open();
    await opened.setViewportSize({ width: 1800, height: 800 });
    await opened.locator("nav li a").last().click();
    await expect.poll(async () => (await opened.locator("h2").last().boundingBox())?.y).toBeLessThan(200);
    expect((await opened.locator("nav").boundingBox())?.y).toBe(0);
    const paragraph = await opened.locator("main p").last().boundingBox();
    const outputs = await opened.locator(".outputs").boundingBox();
    expect(paragraph?.width).toBeLessThan(800);
    expect(outputs?.width).toBeGreaterThan(1400);
    // What is still too wide scrolls by itself.
    expect(await opened.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    await opened.context().close();
  });

  test("code folds and hides by the keyboard, without a script", async () => {
    const opened = await open();
    const first = opened.locator("#cell-first .source");
    await first.locator("summary").focus();
    await opened.keyboard.press("Enter");
    expect(await first.locator("pre").isVisible()).toBe(false);
    expect(await first.locator("summary code").textContent()).toBe("const a = 1;");
    expect(await first.locator("summary code").isVisible()).toBe(true);
    await opened.getByLabel("Hide code").focus();
    await opened.keyboard.press("Space");
    expect(await first.isVisible()).toBe(false);
    expect(await opened.locator(".outputs").isVisible()).toBe(true);
    await opened.context().close();
  });

  test("prints light, in one column, without what only a screen can use", async () => {
    const opened = await open();
    await opened.emulateMedia({ media: "print", colorScheme: "dark" });
    await opened.setViewportSize({ width: 700, height: 1000 });
    expect(await opened.evaluate("getComputedStyle(document.body).backgroundColor")).toBe(
      "rgb(255, 255, 255)",
    );
    expect(await opened.getByLabel("Hide code").isVisible()).toBe(false);
    expect(await opened.locator("nav li a").first().isVisible()).toBe(true);
    expect(await opened.locator(".outputs").evaluate((element) => getComputedStyle(element).overflowX)).toBe(
      "visible",
    );
    const adjusted = await opened.evaluate(
      'getComputedStyle(document.querySelector(".outputs td")).printColorAdjust',
    );
    expect(adjusted).toBe("exact");
    await opened.context().close();
  });
});
