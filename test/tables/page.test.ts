import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { pageOf } from "../../kernel/html/index.js";
import { jupyterDisplay } from "../../lib/cell/index.js";
import type { Column, Value } from "../../lib/tables/index.js";
import { useBrowser } from "../fixtures/browser.js";
import { describeLive } from "../fixtures/needs.js";
import { provenance } from "./provenance.js";

const hostile = [
  '<img src=x onerror="window.hacked = true">',
  "</script><script>window.hacked = true</script>",
  "</textarea></title></style><svg onload=window.hacked=true>",
  '" onmouseover="window.hacked = true" x="',
  "javascript:window.hacked=true",
];

const columns: Column[] = [
  { name: "time_ns", type: "BIGINT", unit: "ns since 1970", meaning: `when ${hostile[0]}` },
  { name: "reason", type: "VARCHAR", meaning: "why" },
  { name: "number", type: "INTEGER", meaning: "which" },
  { name: "rtt_ns", type: "BIGINT", unit: "ns", meaning: "round trip" },
  { name: "share_percent", type: "DOUBLE", unit: "%", meaning: "share" },
  { name: "cookie", type: "UBIGINT", meaning: "all 64 bits" },
  { name: "vlan", type: "INTEGER", meaning: "VLAN" },
  { name: hostile[0] as string, type: "VARCHAR", meaning: hostile[1] as string },
];

const row = (n: number): Value[] => [
  1_714_564_800_000_000_001n + BigInt(n) * 1_000_000n,
  n % 2 === 0 ? "NO_SOCKET" : "NETFILTER_DROP",
  n,
  n % 5 === 0 ? null : (n * 7919) % 100_003,
  n / 7,
  18_446_744_073_709_551_615n - BigInt(n),
  null,
  n === 3 ? "long ".repeat(50) : (hostile[n % hostile.length] as string),
];

/** Outputs as a new session makes them. */
async function outputs(counts: number[]): Promise<string[]> {
  vi.resetModules();
  const { createFrame } = await import("../../lib/tables/index.js");
  return counts.map((count) => {
    const rows = Array.from({ length: count }, (_, n) => row(n));
    const frame = createFrame(columns, rows, { ...provenance, source: `made ${hostile[0]}`, lost: 3 });
    return frame[jupyterDisplay]()["text/html"] as string;
  });
}

function exported(html: string[]): Promise<string> {
  const cells = html.map((text, at) => ({
    cell_type: "code" as const,
    id: `cell-${at}`,
    source: "frame",
    metadata: {},
    execution_count: at,
    outputs: [{ output_type: "execute_result", data: { "text/html": text }, metadata: {} }],
  }));
  return pageOf({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 } as never, "tables");
}

describe("a table in a notebook", () => {
  it("brings the script of all tables once", async () => {
    const carries = (html: string) => html.includes('class="skbook-table-script"');
    const html = await outputs([5, 5, 5]);
    expect(html.map(carries)).toEqual([true, false, false]);
    expect((html[0] as string).length - (html[1] as string).length).toBeLessThan(40_000);
  });

  it("brings it once to an exported page, whatever sessions the outputs are of", async () => {
    const both = await exported([...(await outputs([5, 5])), ...(await outputs([5, 5]))]);
    expect(both.split('class="skbook-table-script"')).toHaveLength(2);
  });

  it("has the first 1,000 rows of many, in some 40 bytes each", async () => {
    const [, many = ""] = await outputs([1, 5000]);
    expect(many.length).toBeLessThan(60_000);
    expect(many).toContain('"total":5000');
    expect(many).toContain("20 of 5,000 rows × 8 columns");
    expect(many).toMatch(/"id":"[0-9a-f]{32}"/);
  });
});

describeLive("tables in an exported page without a network", ["chromium"], () => {
  const browser = useBrowser();
  let folder: string;
  let page: Page;
  let table: Locator;
  const problems: string[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "skbook-tables-"));
    await writeFile(join(folder, "page.html"), await exported(await outputs([2500, 3])));
    page = await browser.newPage();
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(error.message));
    await page.context().setOffline(true);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.goto(`file://${folder}/page.html`);
    table = page.locator(".skbook-table.live").first();
    await table.waitFor();
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("has all of its columns on paper, and nothing to press there", async () => {
    await page.emulateMedia({ media: "print" });
    await page.setViewportSize({ width: 700, height: 1000 });
    const right = (cell: Element) => cell.getBoundingClientRect().right;
    expect(await table.locator("thead th").last().evaluate(right)).toBeLessThanOrEqual(700);
    for (const part of await table.locator("input, select, .group, .bar button").all())
      expect(await part.isVisible()).toBe(false);
    await page.emulateMedia({ media: null });
    await page.setViewportSize({ width: 1280, height: 720 });
  });

  const named = (name: string) => table.getByRole("button", { name, exact: true });
  const header = (name: string) => table.locator("thead th").filter({ hasText: name });
  const column = async (index: number) => table.locator(`tbody td:nth-child(${index})`).allTextContents();
  const status = () => table.locator(".status").textContent();
  const focused = () => page.evaluate(() => document.activeElement?.textContent);

  it("are all there", async () => {
    expect(await page.locator(".skbook-table.live").count()).toBe(2);
    expect(await status()).toBe(
      "1–20 of the first 1,000 of 2,500 rows · JupyterLab shows all while the kernel lives",
    );
    expect(await table.locator(".warning").allTextContents()).toEqual(["3 lost"]);
  });

  it("turn pages where there are several", async () => {
    const next = page.locator(".skbook-table.live").getByRole("button", { name: "next page" });
    await expect.poll(() => next.count()).toBe(1);
    expect(await named("next page").isVisible()).toBe(true);
  });

  it("show what people can read, the exact value on hover, and types in tooltips", async () => {
    expect(await column(4)).toEqual(expect.arrayContaining(["null", "7.92 µs", "15.8 µs"]));
    expect(await table.getByText("7.92 µs", { exact: true }).getAttribute("title")).toBe("7919 ns");
    expect(await header("rtt_ns").locator("small").textContent()).toBe("duration");
    expect(await header("rtt_ns").getByRole("button").getAttribute("title")).toBe("round trip\nBIGINT, ns");
    // All 64 bits went through JSON.
    expect((await column(6))[1]).toBe("18446744073709551614");
  });

  it("are sorted, searched, filtered and paged by mouse", async () => {
    await header("rtt_ns").getByRole("button").click();
    expect(await header("rtt_ns").getAttribute("aria-sort")).toBe("ascending");
    const ascending = (await column(4)).slice(0, 2);
    await header("rtt_ns").getByRole("button").click();
    expect(await header("rtt_ns").getAttribute("aria-sort")).toBe("descending");
    expect((await column(4)).slice(0, 2)).not.toEqual(ascending);
    await named("last page").click();
    expect(await column(4)).toEqual(Array(20).fill("null"));
    await header("rtt_ns").getByRole("button").click();
    expect(await header("rtt_ns").getAttribute("aria-sort")).toBe("none");
    await named("Filters").click();
    await table.getByRole("textbox", { name: /^filter number/ }).fill("100..199");
    await expect.poll(status).toMatch(/^1–20 of 100 that match of the first 1,000 /);
    await table.getByRole("textbox", { name: /^filter number/ }).fill("a lot");
    await expect
      .poll(() => table.getByRole("textbox", { name: /^filter number/ }).getAttribute("aria-invalid"))
      .toBe("true");
    await table.getByRole("textbox", { name: /^filter number/ }).fill(">= 990");
    await table.getByRole("searchbox").fill("NETFILTER");
    await expect.poll(status).toMatch(/^1–5 of 5 that match /);
    expect(await column(3)).toEqual(["991", "993", "995", "997", "999"]);
  });

  it("are copied and downloaded as they are shown", async () => {
    await named("copy the rows that match").click();
    await table.getByText("copied 5 rows").waitFor();
    const lines = (await page.evaluate(() => navigator.clipboard.readText())).trimEnd().split("\n");
    expect(lines).toHaveLength(6);
    expect(lines[1]).toMatch(/^2024-05-01 12:00:00.991000001\tNETFILTER_DROP\t991\t/);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      named("download the rows that match as CSV").click(),
    ]);
    const file = (await readFile(await download.path(), "utf8")).trimEnd().split("\n");
    expect(file[1]).toMatch(/^1714564800991000001,NETFILTER_DROP,991,/);
    expect(download.suggestedFilename()).toMatch(/^made_[\w-]+\.csv$/);
  });

  it("are worked with by keyboard alone, and the focus stays", async () => {
    await table.getByRole("searchbox").fill("");
    await table.getByRole("textbox", { name: /^filter number/ }).fill("");
    await expect.poll(status).toMatch(/^1–20 of the first 1,000 /);
    await table.getByRole("searchbox").focus();
    for (let presses = 0; (await focused())?.startsWith("number") !== true; presses += 1) {
      if (presses > 30) throw new Error("Tab doesn't reach the column");
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    await page.keyboard.press("Space");
    expect(await header("number").getAttribute("aria-sort")).toBe("descending");
    expect((await column(3))[0]).toBe("999");
    expect(await focused()).toContain("number");
    await named("next page").focus();
    await page.keyboard.press("Enter");
    expect((await column(3))[0]).toBe("979");
    await table.getByRole("textbox", { name: "page" }).fill("50");
    await page.keyboard.press("Enter");
    expect((await column(3)).at(-1)).toBe("0");
    await table.getByRole("button", { name: /^Columns/ }).focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Space");
    expect(await table.locator("thead th").count()).toBe(6);
    await page.keyboard.press("Space");
    await page.keyboard.press("Escape");
    expect(await table.getByRole("group", { name: "columns" }).isVisible()).toBe(false);
    expect(await focused()).toMatch(/^Columns 7\/8/);
  });

  it("fold empty columns and show them when asked to", async () => {
    expect(await table.locator("thead th", { hasText: "vlan" }).count()).toBe(0);
    await table.getByRole("button", { name: /^Columns/ }).click();
    await table.getByRole("checkbox", { name: "vlan" }).check();
    expect(await table.locator("thead th", { hasText: "vlan" }).count()).toBe(1);
    await table.getByRole("checkbox", { name: "reason" }).uncheck();
    expect(await table.locator("thead th", { hasText: "reason" }).count()).toBe(0);
    await table.getByRole("button", { name: "those with values" }).click();
    expect(await table.locator("thead th").count()).toBe(7);
  });

  it("tell a screen reader what they are", async () => {
    const found = table.getByRole("table");
    expect(await found.getAttribute("aria-rowcount")).toBe("1001");
    expect(await found.getAttribute("aria-label")).toBe(`made ${hostile[0]}`);
    expect(await table.locator("tbody tr").first().getAttribute("aria-rowindex")).toBe("982");
    expect(await table.getByRole("columnheader").count()).toBe(7);
    expect(await table.getByRole("region").count()).toBe(1);
  });

  it("open a long text where it is", async () => {
    await table.getByRole("textbox", { name: "page" }).fill("50");
    await page.keyboard.press("Enter");
    const long = table.locator("td details", { hasText: "long" });
    expect(await long.locator("summary").textContent()).toHaveLength(60);
    await long.locator("summary").click();
    expect(await long.evaluate((element) => element.lastChild?.textContent)).toBe("long ".repeat(50));
  });

  it("make no value HTML, and nothing failed", async () => {
    expect(await page.evaluate(() => "hacked" in window)).toBe(false);
    expect(await page.locator(".skbook-table :is(img, svg, td script, th script)").count()).toBe(0);
    expect(await page.locator("[onmouseover], [onerror], [onload]").count()).toBe(0);
    expect(problems).toEqual([]);
  });
});

describeLive("tables where no script runs", ["chromium"], () => {
  const browser = useBrowser();

  it("show the first rows and say where the others are", async () => {
    const folder = await mkdtemp(join(tmpdir(), "skbook-tables-"));
    await writeFile(join(folder, "page.html"), await exported(await outputs([2500])));
    const page = await browser.newPage({ javaScriptEnabled: false });
    await page.goto(`file://${folder}/page.html`);
    const table = page.locator(".skbook-table");
    expect(await table.locator(".rows tbody tr").count()).toBe(20);
    expect(await table.locator(".extent").textContent()).toMatch(
      /^20 of 2,500 rows × 8 columns · .*toCsv.*3 lost$/,
    );
    expect(await table.locator("details.empty summary").textContent()).toBe("1 column without values");
    expect(await table.locator(":is(img, svg)").count()).toBe(0);
    await rm(folder, { recursive: true });
  });
});
