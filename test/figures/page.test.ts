import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { JSDOM } from "jsdom";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { jupyterDisplay } from "../../lib/cell/index.js";
import { useBrowser } from "../fixtures/browser.js";
import { describeLive } from "../fixtures/needs.js";

const hook = Symbol.for("skbook.cell");
const carries = (html: string) => html.includes('class="skbook-plotly"');

/** The room as a new kernel has it, and a way to run cells in it. */
async function session() {
  vi.resetModules();
  const { plot } = await import("../../lib/figures/index.js");
  return {
    show: async (title: string) => {
      const bundle = await plot({
        data: [{ type: "bar", x: [1, 2], y: [3, 4], name: "</script><b>name" }],
        layout: { title: { text: title } },
      })[jupyterDisplay]();
      return bundle["text/html"] as string;
    },
    run: (id: string | undefined) => {
      const cell = { id, signal: new AbortController().signal, display() {} };
      (globalThis as Record<symbol, unknown>)[hook] = () => cell;
    },
  };
}

afterEach(() => {
  delete (globalThis as Record<symbol, unknown>)[hook];
});

describe("plotly.js in a notebook", () => {
  it("is carried once, by the first figure", async () => {
    const { show, run } = await session();
    run("one");
    const first = await show("first");
    const second = await show("second");
    run("two");
    const third = await show("third");
    expect([first, second, third].map(carries)).toEqual([true, false, false]);
    expect(second.length).toBeLessThan(20_000);
  });

  it("is carried again when the cell that carried it runs again", async () => {
    const { show, run } = await session();
    run("one");
    await show("first");
    run("two");
    await show("other");
    run("one");
    expect(carries(await show("first again"))).toBe(true);
    expect(carries(await show("second of the cell"))).toBe(false);
    run("two");
    expect(carries(await show("other again"))).toBe(false);
  });

  it("is carried once where the front end sends no cell ids", async () => {
    const { show, run } = await session();
    run(undefined);
    const first = await show("first");
    run(undefined);
    expect([first, await show("second")].map(carries)).toEqual([true, false]);
  });
});

describeLive("figures in a page without a network", ["chromium"], () => {
  const browser = useBrowser();
  let html: string[];

  beforeEach(async () => {
    const { show } = await session();
    html = [await show("first"), await show("second"), await show("third")];
  });

  const drawn = (dom: string) =>
    [...new JSDOM(dom).window.document.querySelectorAll(".skbook-figure")].map((figure) => ({
      plots: figure.querySelectorAll(".js-plotly-plot .main-svg").length > 0,
      title: figure.querySelector(".js-plotly-plot .gtitle")?.textContent,
      picture: !(figure.querySelector("img") as HTMLImageElement).hidden,
    }));
  const page = (parts: string[], head = "") =>
    `<!DOCTYPE html><html><head><meta charset="utf-8">${head}</head><body>${parts.join("")}</body></html>`;
  const live = ["first", "second", "third"].map((title) => ({ plots: true, title, picture: false }));

  it("are interactive, and have no button that sends them anywhere", async () => {
    const dom = await browser.domOf(page(html));
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
      const dom = await browser.domOf(page(html), { width, height: 900 });
      return [...dom.matchAll(/<svg class="main-svg"[^>]* width="([\d.]+)"/g)].map(([, width]) =>
        Number(width),
      );
    };
    expect(new Set(await widths(1400))).toEqual(new Set([840]));
    for (const width of await widths(700)) expect(width).toBeLessThan(700);
  });

  it("are interactive where the carrier comes last, and where an output is there twice", async () => {
    const [first = "", second = "", third = ""] = html;
    const dom = await browser.domOf(page([third, second, first, third, first]));
    expect(drawn(dom)).toEqual([live[2], live[1], live[0], live[2], live[0]]);
  });

  it("leave another Plotly of the page alone", async () => {
    const dom = await browser.domOf(
      page([
        "<script>window.Plotly = 'another';</script>",
        ...html,
        "<script>setTimeout(() => document.body.append('Plotly is ' + window.Plotly), 5000)</script>",
      ]),
    );
    expect(drawn(dom)).toEqual(live);
    expect(dom).toContain("Plotly is another");
  });

  it("stay pictures where the carrier is missing", async () => {
    const dom = await browser.domOf(page(html.slice(1)));
    expect(drawn(dom).map(({ plots, picture }) => ({ plots, picture }))).toEqual([
      { plots: false, picture: true },
      { plots: false, picture: true },
    ]);
  });

  it("stay pictures where scripts are off, and the pictures open", async () => {
    const policy = `<meta http-equiv="Content-Security-Policy" content="script-src 'none'">`;
    expect(
      drawn(await browser.domOf(page(html, policy))).map(({ picture, plots }) => picture && !plots),
    ).toEqual([true, true, true]);
    const [source] = /data:image\/svg\+xml;base64,[^"]+/.exec(html[1] ?? "") ?? [];
    const sized = await browser.domOf(
      page([
        `<img src="${source}" onload="document.body.append('opened ' + this.naturalWidth + ' x ' + this.naturalHeight)">`,
      ]),
    );
    expect(sized).toContain("opened 840 x 420");
  });

  it("stay pictures where plotly.js arrives damaged", async () => {
    const [first = "", ...rest] = html;
    const damaged = first.replace(/(class="skbook-plotly">.{5000}).{200}/, "$1");
    expect(damaged).not.toBe(first);
    expect(drawn(await browser.domOf(page([damaged, ...rest]))).map(({ picture }) => picture)).toEqual([
      true,
      true,
      true,
    ]);
  });
});

describeLive("figures in a page that arrives in pieces", ["chromium"], () => {
  const browser = useBrowser();

  it.each([
    { half: "the picture", end: "<img" },
    { half: "what to draw", end: '"layout":' },
    { half: "the script", end: "window.skbookFigures" },
  ])("are drawn, though another was drawn while $half of one was still to come", async ({ end }) => {
    const { show } = await session();
    const [first, second] = [await show("first"), await show("second")];
    const cut = second.indexOf(end);
    expect(cut).toBeGreaterThan(0);
    let arrive = () => {};
    const server = createServer((_, response) => {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
      response.write(`<!DOCTYPE html><html><body>${first}${second.slice(0, cut)}`);
      arrive = () => response.end(`${second.slice(cut)}</body></html>`);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { waitUntil: "commit" });
      const plots = page.locator(".skbook-figure .js-plotly-plot .gtitle");
      await plots.first().waitFor();
      await page.locator(".skbook-figure").nth(1).waitFor({ state: "attached" });
      arrive();
      await expect.poll(() => plots.allTextContents(), { timeout: 10_000 }).toEqual(["first", "second"]);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});
