import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { useBrowser } from "../fixtures/browser.js";
import { useJupyter } from "../fixtures/jupyter.js";
import { type JupyterLab, startJupyterLab } from "../fixtures/jupyterlab.js";
import { describeLive } from "../fixtures/needs.js";
import { useFolder, writeNotebook } from "../kernel/fixtures.js";
import { NotebookPage } from "./notebook-page.js";

/** Where a picture of what JupyterLab shows goes, for whoever wants to look. */
const pictures = process.env.SKBOOK_PICTURES;

describeLive("finding one's way in JupyterLab", ["python", "chromium"], () => {
  const jupyter = useJupyter();
  const browser = useBrowser();
  const folder = useFolder();
  let jupyterLab: JupyterLab;
  let notebook: NotebookPage;
  const last = () => notebook.codeCells.last();
  const typed = async () => {
    const lines = await last().locator(".cm-line").allTextContents();
    return lines.join("\n");
  };
  const picture = async (name: string) => {
    if (pictures !== undefined) await notebook.page.screenshot({ path: resolve(pictures, `${name}.png`) });
  };
  const completer = () => notebook.page.locator(".jp-Completer");

  beforeAll(async () => {
    writeNotebook(join(folder.path, "way.ipynb"), [""]);
    jupyterLab = await startJupyterLab(jupyter, folder.path);
    notebook = await NotebookPage.open(await browser.newPage(), jupyterLab, "way.ipynb");
  });
  afterAll(() => jupyterLab?.stop());

  test("help() needs no import, and its entries open", async () => {
    await notebook.type('help("retransmission")');
    await notebook.run(0);
    const shown = notebook.outputsOf(0).locator(".skbook-help");
    await shown.waitFor();
    const bursts = shown.locator("details").filter({ hasText: "retransmissionBursts" }).first();
    expect(await shown.locator("summary").first().textContent()).toMatch(/^retransmissions /);
    await bursts.locator("summary").first().click();
    expect(await bursts.locator("pre").isVisible()).toBe(true);
    expect(await bursts.locator("table").first().isVisible()).toBe(false);
    await picture("help");
  });

  test("?name shows what is known of a name below the cell", async () => {
    await notebook.type("?flows");
    await notebook.run(0);
    await notebook.outputsOf(0).locator(".skbook-help code", { hasText: "direction_by" }).first().waitFor();
    await picture("question");
  });

  test("Tab brings the import of a name: the only one at once, one of several when it is chosen", async () => {
    await notebook.type("await dropSumm");
    const imported = last().locator(".cm-line", { hasText: "import { dropSummary }" });
    await notebook.pressUntil("Tab", imported);
    expect(await typed()).toBe('import { dropSummary } from "skbook";\nawait dropSummary');
    await notebook.type("await retransm");
    await notebook.pressUntil("Tab", completer());
    await picture("imports");
    await notebook.page.keyboard.press("ArrowDown");
    await notebook.page.keyboard.press("Enter");
    await expect.poll(typed).toBe('import { retransmissions } from "skbook";\nawait retransmissions');
  });

  test("Tab in a query lists columns with their types, Shift-Tab tells what one means", async () => {
    await notebook.type(
      'import { flows } from "skbook";\nconst seen = await flows(cap);\nseen.sql("SELECT dur")',
    );
    for (let back = 0; back < 2; back++) await notebook.page.keyboard.press("ArrowLeft");
    const put = last().locator(".cm-line", { hasText: "SELECT duration_ns" });
    await notebook.pressUntil("Tab", put.or(completer()));
    await picture("columns");
    if (await completer().isVisible()) await notebook.page.keyboard.press("Enter");
    await put.waitFor();
    const tooltip = notebook.page.locator(".jp-Tooltip");
    await notebook.pressUntil("Shift+Tab", tooltip);
    await expect.poll(() => tooltip.textContent()).toMatch(/duration_ns: BIGINT, ns/);
    await picture("tooltip");
    await notebook.page.keyboard.press("Escape");
  });

  test("html, md and svg are shown as what they are, and what they are given as text", async () => {
    await notebook.type(
      [
        'import { display, html, md, svg } from "skbook";',
        'const name = "<img src=x onerror=alert(1)>";',
        "await display(html`<p class='mine'>host <b>${name}</b></p>`);",
        "await display(md`**bold** ${name} _${'*a*'}_`);",
        "svg`<svg xmlns='http://www.w3.org/2000/svg' width='90' height='20'><text y='15'>${name}</text></svg>`",
      ].join("\n"),
    );
    await notebook.run(0);
    await notebook.outputsOf(0).locator("p.mine b").waitFor();
    expect(await notebook.outputsOf(0).locator("p.mine b").textContent()).toBe(
      "<img src=x onerror=alert(1)>",
    );
    const markdown = last().locator(".jp-RenderedMarkdown");
    expect(await markdown.locator("strong").textContent()).toBe("bold");
    expect(await markdown.textContent()).toContain("<img src=x onerror=alert(1)> *a*");
    await last().locator(".jp-RenderedSVG img").waitFor();
    await picture("templates");
  });
});
