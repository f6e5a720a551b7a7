import { copyFileSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { useBrowser } from "../fixtures/browser.js";
import { useJupyter } from "../fixtures/jupyter.js";
import { type JupyterLab, startJupyterLab } from "../fixtures/jupyterlab.js";
import { describeLive } from "../fixtures/needs.js";
import { useFolder, writeNotebook } from "../kernel/fixtures.js";
import { NotebookPage } from "./notebook-page.js";

const cells = [
  `import { type Column, createFrame, createTable, type Provenance } from "skbook";
const columns: Column[] = [
  { name: "time_ns", type: "BIGINT", unit: "ns since 1970", meaning: "when" },
  { name: "reason", type: "VARCHAR", meaning: "why" },
  { name: "number", type: "INTEGER", meaning: "which" },
  { name: "rtt_ns", type: "BIGINT", unit: "ns", meaning: "round trip" },
  { name: "vlan", type: "INTEGER", meaning: "VLAN" },
];
const provenance: Provenance = { source: "made", host: null, recordingId: null, startedAt: null, endedAt: null,
  lost: 0, truncated: false, partial: false, notes: [], details: {} };
const hostile = '<img src=x onerror="window.hacked = true"><script>window.hacked = true</script>';
const row = (n: number) => [1_714_564_800_000_000_000n + BigInt(n) * 1_000_000n, n % 1000 === 7 ? hostile : ["NO_SOCKET", "NETFILTER_DROP"][n % 2] as string,
  n, (n * 7919) % 1_000_003, null];`,
  "createFrame(columns, Array.from({ length: 345 }, (_, n) => row(n)), provenance)",
  `const writer = await createTable("million", columns);
for (let start = 0; start < 1_000_000; start += 10_000) writer.append(Array.from({ length: 10_000 }, (_, n) => row(start + n)));
const million = await writer.finish(provenance);
million`,
];

describeLive("tables in JupyterLab", ["python", "chromium"], () => {
  const jupyter = useJupyter();
  const browser = useBrowser();
  const folder = useFolder();

  let jupyterLab: JupyterLab;
  let notebook: NotebookPage;
  let frame: Locator;
  let million: Locator;
  beforeAll(async () => {
    writeNotebook(join(folder.path, "tables.ipynb"), cells);
    jupyterLab = await startJupyterLab(jupyter, folder.path);
    notebook = await NotebookPage.open(await browser.newPage(), jupyterLab, "tables.ipynb");
    await notebook.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await notebook.runAll();
    frame = notebook.outputsOf(1).locator(".skbook-table.live");
    million = notebook.codeCells.nth(2).locator(".skbook-table.live");
  }, 300_000);
  afterAll(() => jupyterLab?.stop());

  const named = (table: Locator, name: string) => table.getByRole("button", { name, exact: true });
  const header = (table: Locator, name: string) => table.locator("thead th", { hasText: name });
  const column = async (table: Locator, index: number) =>
    (await table.locator(`tbody td:nth-child(${index})`).allTextContents()).map((text) => text.trim());
  const status = (table: Locator) => table.locator(".status");

  test("a Frame is sorted, filtered, searched and paged by mouse", async () => {
    await frame.scrollIntoViewIfNeeded();
    expect(await status(frame).textContent()).toBe("1–20 of 345 rows");
    await header(frame, "number").getByRole("button").click();
    await header(frame, "number").getByRole("button").click();
    expect(await header(frame, "number").getAttribute("aria-sort")).toBe("descending");
    expect((await column(frame, 3)).slice(0, 3)).toEqual(["344", "343", "342"]);
    await named(frame, "next page").click();
    expect((await column(frame, 3))[0]).toBe("324");
    await named(frame, "Filters").click();
    await frame.getByRole("textbox", { name: /^filter rtt_ns/ }).fill("< 0.1 ms");
    await expect.poll(() => status(frame).textContent()).toBe("1–20 of 38 that match of 345 rows");
    await frame.getByRole("searchbox").fill("onerror");
    await expect.poll(() => status(frame).textContent()).toBe("1–1 of 1 that match of 345 rows");
    await frame.getByRole("searchbox").fill("");
    await frame.getByRole("textbox", { name: /^filter rtt_ns/ }).fill("");
    await expect.poll(() => status(frame).textContent()).toBe("1–20 of 345 rows");
  });

  test("a Table of a million rows is paged through the kernel", async () => {
    await million.scrollIntoViewIfNeeded();
    expect(await status(million).textContent()).toBe("1–20 of 1,000,000 rows");
    await named(million, "last page").click();
    await expect.poll(() => status(million).textContent()).toBe("999,981–1,000,000 of 1,000,000 rows");
    await expect.poll(async () => (await column(million, 3)).at(-1)).toBe("999999");
    await header(million, "rtt_ns").getByRole("button").click();
    await expect.poll(() => header(million, "rtt_ns").getAttribute("aria-sort")).toBe("ascending");
    await expect.poll(async () => (await column(million, 4)).slice(0, 3)).toEqual(["0", "1 ns", "2 ns"]);
    await named(million, "Filters").click();
    await million.getByRole("textbox", { name: /^filter number/ }).fill("500000..500099");
    await expect.poll(() => status(million).textContent()).toBe("1–20 of 100 that match of 1,000,000 rows");
    await million.getByRole("searchbox").fill("NETFILTER");
    await expect.poll(() => status(million).textContent()).toBe("1–20 of 49 that match of 1,000,000 rows");
  });

  test("by keyboard, and keys stay out of JupyterLab's hands", async () => {
    const cellsBefore = await notebook.codeCells.count();
    await header(million, "number").getByRole("button").focus();
    await notebook.page.keyboard.press("Enter");
    await expect.poll(() => header(million, "number").getAttribute("aria-sort")).toBe("ascending");
    expect((await column(million, 3))[0]).toBe("500001");
    await notebook.page.keyboard.press("Space");
    await expect.poll(() => header(million, "number").getAttribute("aria-sort")).toBe("descending");
    expect(
      await header(million, "number")
        .getByRole("button")
        .evaluate((it) => it === document.activeElement),
    ).toBe(true);
    // In JupyterLab's own hands these would delete and insert cells.
    for (const key of ["d", "d", "x", "b"]) await notebook.page.keyboard.press(key);
    expect(await notebook.codeCells.count()).toBe(cellsBefore);
    const next = named(million, "next page");
    await next.focus();
    await notebook.page.keyboard.press("Enter");
    await expect.poll(async () => (await column(million, 3))[0]).toBe("500059");
  });

  test("what matches is copied and downloaded, all of it", async () => {
    await named(million, "copy the rows that match").click();
    await million.getByText("copied 49 rows").waitFor();
    const copied = await notebook.page.evaluate(() => navigator.clipboard.readText());
    const lines = copied.trimEnd().split("\n");
    expect(lines).toHaveLength(50);
    expect(lines.slice(0, 2)).toEqual([
      "time_ns\treason\tnumber\trtt_ns",
      expect.stringContaining("\tNETFILTER_DROP\t500099\t"),
    ]);
    const [download] = await Promise.all([
      notebook.page.waitForEvent("download"),
      named(million, "download the rows that match as CSV").click(),
    ]);
    const path = join(folder.path, "downloaded.csv");
    copyFileSync(await download.path(), path);
    const file = readFileSync(path, "utf8").trimEnd().split("\n");
    expect(file).toHaveLength(50);
    expect(file[1]).toMatch(/^17145653000\d+,NETFILTER_DROP,500099,\d+$/);
  });

  test("columns are chosen, times turn to another zone, the theme is followed", async () => {
    await million.getByRole("button", { name: /^Columns 4\/5/ }).click();
    await million.getByRole("checkbox", { name: /vlan/ }).check();
    expect(await million.locator("thead th").count()).toBe(5);
    await million.getByRole("combobox", { name: "time zone" }).selectOption("Asia/Tokyo");
    await expect.poll(async () => (await column(million, 1))[0]).toMatch(/^2024-05-01 21:08:20\.0/);
    expect(await header(million, "time_ns").textContent()).toContain("Asia/Tokyo");
    const ink = () => million.evaluate((element) => getComputedStyle(element).color);
    const light = await ink();
    await notebook.theme("JupyterLab Dark");
    await expect.poll(ink, { timeout: 20_000 }).not.toBe(light);
    await notebook.theme("JupyterLab Light");
  });

  test("no value became HTML", async () => {
    expect(await notebook.page.evaluate(() => "hacked" in window)).toBe(false);
    expect(await notebook.page.locator(".skbook-table :is(img, td script)").count()).toBe(0);
  });

  test("without its kernel the first rows are there, and it says so", async () => {
    await notebook.save();
    await notebook.menu("Kernel", "Restart Kernel…");
    await notebook.page.locator(".jp-Dialog").getByRole("button", { name: "Confirm Kernel Restart" }).click();
    await notebook.kernelIsReady();
    await million.getByRole("searchbox").fill("");
    await million.getByRole("textbox", { name: /^filter number/ }).fill("");
    await expect
      .poll(() => status(million).textContent())
      .toMatch(/^1–20 of the first 1,000 of 1,000,000 rows · .*run the cell again/);
  });

  test("untrusted, the saved notebook has tables that need no script", async () => {
    const stranger = { JUPYTER_DATA_DIR: join(folder.path, ".stranger") };
    const elsewhere = await startJupyterLab(jupyter, folder.path, stranger);
    try {
      const untrusted = await NotebookPage.open(await browser.newPage(), elsewhere, "tables.ipynb");
      const table = untrusted.outputsOf(2).locator(".rows");
      expect(await table.locator("tbody tr").count()).toBe(20);
      expect(await untrusted.outputsOf(2).locator(".extent").textContent()).toContain("20 of 1,000,000 rows");
      expect(await untrusted.page.locator(".skbook-table :is(script, img), .skbook-table.live").count()).toBe(
        0,
      );
      expect(await untrusted.page.evaluate(() => "hacked" in window)).toBe(false);
      const empty = untrusted.outputsOf(2).locator("details", { hasText: "1 column without values" });
      await empty.locator("summary").click();
      expect(await empty.getByText("vlan: VLAN").isVisible()).toBe(true);
    } finally {
      await elsewhere.stop();
    }
  });

  test("the saved notebook stays small", () => {
    expect(statSync(join(folder.path, "tables.ipynb")).size).toBeLessThan(150_000);
  });
});
