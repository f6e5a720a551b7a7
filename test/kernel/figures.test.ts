import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { JSDOM } from "jsdom";
import { beforeAll, describe, expect, it } from "vitest";
import { pageOf } from "../../kernel/html/index.js";
import { type Notebook, readNotebook } from "../../kernel/notebook/index.js";
import { jupyterDisplay } from "../../lib/cell/index.js";
import { plot } from "../../lib/figures/index.js";
import { useBrowser } from "../fixtures/browser.js";
import { describeLive } from "../fixtures/needs.js";
import { useFolder, writeNotebook } from "./fixtures.js";

const figureType = "application/vnd.plotly.v1+json";

function bundle(title: string) {
  const trace = { type: "bar", x: [1, 2], y: [3, 4], name: "</script><b>name" };
  return plot({ data: [trace], layout: { title: { text: title } } })[jupyterDisplay]();
}

describe("a figure's output", () => {
  it("has the figure, and pictures without any script", async () => {
    const output = await bundle("one");
    expect(Object.keys(output)).toEqual([figureType, "text/html", "image/svg+xml", "text/plain"]);
    expect(output["text/html"]).toMatch(
      /^<img alt="[^"<]*one[^"<]*" src="data:image\/svg\+xml;base64,[^"]+"[^>]*>$/,
    );
    expect(JSON.stringify(output).length).toBeLessThan(30_000);
  });
});

const folder = useFolder();

/** A notebook with three figures. */
async function notebookOf(titles: string[]): Promise<Notebook> {
  const path = writeNotebook(join(folder.path, "figures.ipynb"), titles);
  const notebook = await readNotebook(path);
  for (const [index, cell] of notebook.cells.entries())
    cell.outputs = [{ output_type: "display_data", data: await bundle(titles[index] ?? ""), metadata: {} }];
  return notebook;
}

const carriers = (page: string) => page.split('id="skbook-plotly"').length - 1;

describe("an exported page", () => {
  it("carries plotly.js once, however many figures it has", async () => {
    expect(carriers(await pageOf(await notebookOf(["first", "second", "third"]), "page"))).toBe(1);
  });

  it("carries none where it has no figure", async () => {
    const notebook = await notebookOf(["first"]);
    for (const cell of notebook.cells) cell.outputs = [];
    expect((await pageOf(notebook, "page")).length).toBeLessThan(20_000);
  });
});

describeLive("figures in an exported page without a network", ["chromium"], () => {
  const browser = useBrowser();
  let html: string;
  beforeAll(async () => {
    html = await pageOf(await notebookOf(["first", "second", "third"]), "page");
  });

  const drawn = (dom: string) =>
    [...new JSDOM(dom).window.document.querySelectorAll(".skbook-figure")].map((figure) => ({
      plots: figure.querySelectorAll(".js-plotly-plot .main-svg").length > 0,
      title: figure.querySelector(".js-plotly-plot .gtitle")?.textContent,
      picture: figure.querySelector("[hidden] img") === null,
    }));
  const live = ["first", "second", "third"].map((title) => ({ plots: true, title, picture: false }));
  const pictures = [1, 2, 3].map(() => ({ plots: false, title: undefined, picture: true }));

  it("are interactive, and have no button that sends them anywhere", async () => {
    const dom = await browser.domOf(html);
    expect(drawn(dom)).toEqual(live);
    const buttons = [...dom.matchAll(/class="modebar-btn[^"]*"[^>]*data-title="([^"]*)"/g)].map(([, title]) =>
      title?.trim(),
    );
    expect(new Set(buttons)).toMatchInlineSnapshot(`
      Set {
        "Download plot as a PNG",
        "Zoom",
        "Pan",
        "Zoom in",
        "Zoom out",
        "Autoscale",
        "Reset axes",
      }
    `);
  });

  it("are as wide as the page lets them", async () => {
    const widths = async (width: number) => {
      const dom = await browser.domOf(html, { width, height: 900 });
      return [...dom.matchAll(/<svg class="main-svg"[^>]* width="([\d.]+)"/g)].map(([, width]) =>
        Number(width),
      );
    };
    expect(new Set(await widths(1400))).toEqual(new Set([840]));
    for (const width of await widths(700)) expect(width).toBeLessThan(700);
  });

  it("leave another Plotly of the page alone", async () => {
    const other = "<script>window.Plotly = 'another';</script>";
    const told =
      "<script>setTimeout(() => document.body.append('Plotly is ' + window.Plotly), 5000)</script>";
    const dom = await browser.domOf(html.replace("<body>", `<body>${other}${told}`));
    expect(drawn(dom)).toEqual(live);
    expect(dom).toContain("Plotly is another");
  });

  it("stay pictures where scripts are off, and the pictures open", async () => {
    const policy = `<meta http-equiv="Content-Security-Policy" content="script-src 'none'">`;
    expect(drawn(await browser.domOf(html.replace("<head>", `<head>${policy}`)))).toEqual(pictures);
    const [source] = /data:image\/svg\+xml;base64,[^"]+/.exec(html) ?? [];
    const sized = await browser.domOf(
      `<!DOCTYPE html><body><img src="${source}" onload="document.body.append('opened ' + this.naturalWidth + ' x ' + this.naturalHeight)">`,
    );
    expect(sized).toContain("opened 840 x 420");
  });

  it("stay pictures where plotly.js arrives damaged", async () => {
    const damaged = html.replace(/(id="skbook-plotly">.{5000}).{200}/, "$1");
    expect(damaged).not.toBe(html);
    expect(drawn(await browser.domOf(damaged))).toEqual(pictures);
  });

  it("turn dark where the system is", async () => {
    const page = await browser.newPage();
    await page.emulateMedia({ colorScheme: "dark" });
    writeFileSync(join(folder.path, "page.html"), html);
    await page.goto(`file://${folder.path}/page.html`);
    const filter = () =>
      page
        .locator(".skbook-figure")
        .first()
        .evaluate(({ style }) => style.filter);
    await expect.poll(filter, { timeout: 20_000 }).toContain("invert");
    await page.emulateMedia({ colorScheme: "light" });
    await expect.poll(filter, { timeout: 20_000 }).toBe("");
  });
});
