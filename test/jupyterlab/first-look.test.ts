import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { plotlyScript } from "../../kernel/figures/index.js";
import { program } from "../../kernel/package.js";
import { useBrowser } from "../fixtures/browser.js";
import { useJupyter } from "../fixtures/jupyter.js";
import { type JupyterLab, startJupyterLab } from "../fixtures/jupyterlab.js";
import { describeLive } from "../fixtures/needs.js";
import { readJson, useFolder, type WrittenNotebook } from "../kernel/fixtures.js";
import { NotebookPage } from "./notebook-page.js";
import { coloursOf } from "./picture.js";

/** The cells with figures, and how many colours each has at least: one for each device, or kind of packet. */
const figures = [
  ["summary-figure", 3],
  ["events-figure", 1],
  ["timeline", 3],
] as const;

describeLive("first-look in JupyterLab", ["python", "chromium"], () => {
  const jupyter = useJupyter();
  const browser = useBrowser();
  const folder = useFolder();
  const written = () => readJson<WrittenNotebook>(join(folder.path, "first-look.ipynb"));
  const codeCells = () => written().cells.filter(({ cell_type }) => cell_type === "code");
  const indexOf = (id: string) => codeCells().findIndex((cell) => cell.id === id);

  let jupyterLab: JupyterLab;
  let notebook: NotebookPage;
  beforeAll(async () => {
    // As a newcomer does it: nothing but the notebook says what is replayed.
    await execa(process.execPath, [program, "new", "first-look"], { cwd: folder.path });
    jupyterLab = await startJupyterLab(jupyter, folder.path);
    notebook = await NotebookPage.open(await browser.newPage(), jupyterLab, "first-look.ipynb");
  });
  afterAll(() => jupyterLab?.stop());

  test("runs from top to bottom", async () => {
    await notebook.runAll();
    expect(await notebook.prompts()).toEqual(codeCells().map((_, index) => `[${index + 1}]:`));
    expect(await notebook.page.locator("[data-mime-type='application/vnd.jupyter.error']").count()).toBe(0);
  });

  test("plotly draws every figure, in colours", async () => {
    for (const [id, colours] of figures) {
      const output = notebook.codeCells.nth(indexOf(id)).locator(".skbook-figure");
      await output.scrollIntoViewIfNeeded();
      await output.locator(".js-plotly-plot svg.main-svg .trace .points path").first().waitFor();
      expect(await output.locator("img").isVisible()).toBe(false);
      expect((await coloursOf(output)).length).toBeGreaterThanOrEqual(colours);
    }
  });

  test("saved with its outputs, it is small: plotly.js is not in it", async () => {
    await notebook.save();
    expect(statSync(join(folder.path, "first-look.ipynb")).size).toBeLessThanOrEqual(400_000);
    const [licence = ""] = /plotly\.js v[\d.]+/.exec(readFileSync(plotlyScript(), "utf8")) ?? [];
    expect(licence).not.toBe("");
    expect(readFileSync(join(folder.path, "first-look.ipynb"), "utf8")).not.toContain(licence);
  });

  test("figures turn dark and light with the page", async () => {
    const figure = notebook.page.locator(".skbook-figure").first();
    const filter = () => figure.evaluate((element) => getComputedStyle(element).filter);
    expect(await filter()).toBe("none");
    await notebook.theme("JupyterLab Dark");
    await expect.poll(filter, { timeout: 20_000 }).toContain("invert");
    await notebook.theme("JupyterLab Light");
    await expect.poll(filter, { timeout: 20_000 }).toBe("none");
  });

  test("Tab completes, Shift-Tab shows what a function measures", async () => {
    await notebook.type("dropEv");
    // The only one that fits is put in at once; of several, the first is chosen.
    const completer = notebook.page.locator(".jp-Completer");
    const typed = notebook.codeCells.last().locator(".cm-content");
    await notebook.pressUntil("Tab", completer.or(typed.getByText("dropEvents", { exact: true })));
    if (await completer.isVisible()) await notebook.page.keyboard.press("Enter");
    expect(await typed.textContent()).toBe("dropEvents");
    const tooltip = notebook.page.locator(".jp-Tooltip");
    await notebook.pressUntil("Shift+Tab", tooltip);
    expect(await tooltip.textContent()).toMatch(/dropEvents.*one row each.*maxEvents.*10,000/s);
    await notebook.page.keyboard.press("Escape");
  });

  test("restarts, and starts counting anew", async () => {
    await notebook.type("typeof host");
    await notebook.save();
    await notebook.menu("Kernel", "Restart Kernel…");
    await notebook.page.locator(".jp-Dialog").getByRole("button", { name: "Confirm Kernel Restart" }).click();
    await notebook.kernelIsReady();
    const last = codeCells().length - 1;
    await notebook.run(last);
    await notebook.prompt(last, "[1]:");
    expect(await notebook.outputsOf(last).textContent()).toContain("Cannot find name 'host'");
  });

  test("untrusted, the saved notebook shows a picture of every figure", async () => {
    const stranger = { JUPYTER_DATA_DIR: join(folder.path, ".stranger") };
    const elsewhere = await startJupyterLab(jupyter, folder.path, stranger);
    try {
      const untrusted = await NotebookPage.open(await browser.newPage(), elsewhere, "first-look.ipynb");
      for (const [id, colours] of figures) {
        const output = untrusted.outputsOf(indexOf(id));
        expect((await coloursOf(output)).length).toBeGreaterThanOrEqual(colours);
        expect(await output.locator("script, .js-plotly-plot").count()).toBe(0);
      }
    } finally {
      await elsewhere.stop();
    }
  });
});
