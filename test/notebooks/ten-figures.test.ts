import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { JSDOM } from "jsdom";
import { beforeAll, describe, expect, test } from "vitest";
import { useBrowser } from "../fixtures/browser.js";
import { describeLive } from "../fixtures/needs.js";
import { readJson, skbook, useFolder, type WrittenNotebook } from "../kernel/fixtures.js";

/** Cells behind those of first-look, which has three figures of its own. */
const more = [
  `await dropsByReason(summary, { by: "site" })`,
  `await dropsOverTime(events, { by: "reason" })`,
  `await flowTimeline(segments, { flow: 1, drops: events })`,
  `import { plot } from "skbook";
const sizes = (await segments.sql("SELECT wire_bytes FROM this")).column("wire_bytes").values as number[];
plot({ data: [{ type: "histogram", x: sizes }], layout: { title: { text: "Packets by size" } } })`,
  `const sorted = [...sizes].sort((a, b) => a - b);
const share = sorted.map((_, index) => (index + 1) / sorted.length);
plot({ data: [{ mode: "lines", line: { shape: "hv" }, x: sorted, y: share }], layout: { title: { text: "Share of packets up to a size" } } })`,
  `const heat = (await segments.sql(
  "SELECT (time_ns - min(time_ns) OVER ()) // 250000000 AS slot, wire_bytes // 200 AS bucket FROM this",
)).values as [number, number][];
const z = Array.from({ length: 9 }, () => new Array<number>(60).fill(0));
for (const [slot, bucket] of heat) if (z[bucket]?.[slot] !== undefined) z[bucket][slot] += 1;
plot({ data: [{ type: "heatmap", z }], layout: { title: { text: "Packets by time and size" } } })`,
  `plot({
  data: [{
    type: "sankey", node: { label: ["eth0", "uplink0", "dropped"] },
    link: { source: [0, 0], target: [1, 2], value: [await segments.count(), await events.count()] },
  }],
  layout: { title: { text: "Where packets go" } },
})`,
];

/** Figures are 730 kB of it, tables the rest. */
const limits = { "out.ipynb": 9e5, "out.html": 3.5e6 };

describe("a notebook with ten figures", () => {
  const folder = useFolder();
  const at = (name: string) => join(folder.path, name);
  let figures: Record<string, unknown>[];

  beforeAll(async () => {
    const notebook = readJson<WrittenNotebook>("notebooks/first-look.ipynb");
    const last = notebook.cells.pop();
    expect(last?.id).toBe("close");
    const cells = more.map((source, index) => ({
      cell_type: "code",
      id: `more-${index}`,
      metadata: {},
      execution_count: null,
      outputs: [],
      source,
    }));
    writeFileSync(at("ten.ipynb"), JSON.stringify({ ...notebook, cells: [...notebook.cells, ...cells] }));
    const options = ["--replay", "datasets/first-look", "-o", at("out.ipynb"), "--html", at("out.html")];
    const { code, stderr } = await skbook(["run", at("ten.ipynb"), ...options]).done;
    expect(code, stderr).toBe(0);
    figures = readJson<WrittenNotebook>(at("out.ipynb"))
      .cells.flatMap(({ outputs = [] }) => outputs)
      .map(({ data }) => (data ?? {}) as Record<string, unknown>)
      .filter((data) => data["application/vnd.plotly.v1+json"] !== undefined);
  }, 300_000);

  test("is small, and as a page has plotly.js once", () => {
    expect(figures).toHaveLength(10);
    for (const [name, limit] of Object.entries(limits)) {
      const { size } = statSync(at(name));
      console.info(`ten figures: ${name} has ${(size / 1e6).toFixed(2)} MB`);
      expect(size).toBeLessThan(limit);
    }
    expect(readFileSync(at("out.html"), "utf8").split('id="skbook-plotly"')).toHaveLength(2);
  });

  test("has a picture of every figure, and no script", () => {
    for (const data of figures) {
      expect([data["text/html"]].flat().join("")).not.toContain("<script");
      const svg = [data["image/svg+xml"]].flat().join("");
      const { document } = new JSDOM(svg, { contentType: "image/svg+xml" }).window;
      const marks = document.querySelectorAll("path, use, image, circle, rect");
      expect(marks.length).toBeGreaterThan(2);
      expect(svg).not.toContain("There is no picture");
    }
  });

  describeLive("in a page", ["chromium"], () => {
    const browser = useBrowser();

    test("draws all of them without a network", async () => {
      const page = await browser.newPage();
      await page.context().setOffline(true);
      await page.goto(`file://${at("out.html")}`);
      await expect
        .poll(
          () =>
            page.$$eval(".skbook-figure", (figures) =>
              figures.map((figure) => figure.querySelectorAll(".js-plotly-plot .main-svg").length > 0),
            ),
          { timeout: 60_000, interval: 500 },
        )
        .toEqual(Array(10).fill(true));
    });
  });
});
