import { inflateSync } from "node:zlib";
import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import { jupyterDisplay } from "../../lib/cell/index.js";
import { type Figure, plot } from "../../lib/figures/index.js";

const bars = () =>
  plot({
    data: [
      { type: "bar", name: "sent", x: ["a", "b"], y: [3, 4] },
      { type: "bar", name: "a <b> & $x$", x: ["a", "b"], y: [1, 0] },
    ],
    layout: {
      title: { text: "Packets by queue", subtitle: { text: "ten seconds" } },
      xaxis: { title: { text: "Queue" } },
      yaxis: { title: { text: "Packets" } },
    },
  });

/** Every text of a picture; fails where it is no well-formed XML. */
function textsOf(svg: string): string[] {
  const { document } = new JSDOM(svg, { contentType: "image/svg+xml" }).window;
  return [...document.querySelectorAll("text")].map((text) => text.textContent ?? "");
}

/** The pixels of a PNG of 8-bit RGBA without filters; `y` from 0 at the top to 1. */
function pixelsOf(png: Buffer) {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const length = png.readUInt32BE(33);
  const lines = inflateSync(png.subarray(41, 41 + length));
  const at = (x: number, y: number) => {
    const start = Math.floor(y * height) * (4 * width + 1) + 1 + 4 * x;
    return [...lines.subarray(start, start + 4)];
  };
  return { width, at };
}

const refused = (figure: Figure) =>
  figure.svg().then(
    () => "drawn",
    (error) => error,
  );

describe("the static picture", () => {
  it("has the titles, the axes and the legend", async () => {
    expect(textsOf(await bars().svg())).toEqual(
      expect.arrayContaining(["Packets by queue", "ten seconds", "Queue", "Packets", "a", "b", "sent"]),
    );
  });

  it("is the same bytes for the same figure, however often and beside whatever", async () => {
    const other = plot({ data: [{ type: "scatter", mode: "lines", x: [1, 2], y: [2, 1] }] });
    const [first, , second] = await Promise.all([bars().svg(), other.svg(), bars().svg()]);
    expect(second).toBe(first);
    expect(await bars().svg()).toBe(first);
  });

  it("has no id that another picture of the page has", async () => {
    const ids = (svg: string) => [...svg.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    const [first, second] = [ids(await bars().svg()), ids(await plot({ data: [] }).svg())];
    expect(first.length).toBeGreaterThan(0);
    expect(first.filter((id) => second.includes(id))).toEqual([]);
    expect(new Set(first).size).toBe(first.length);
  });

  it("refers only to ids that it has", async () => {
    const svg = await bars().svg();
    const references = [...svg.matchAll(/url\(#([^)]+)\)/g)].map(([, id]) => id);
    expect(references.length).toBeGreaterThan(0);
    for (const id of references) expect(svg).toContain(` id="${id}"`);
  });

  it.each(["bar", "box", "funnel", "histogram", "scatter", "waterfall"])("draws %s", async (type) => {
    const svg = await plot({ data: [{ type, x: [1, 2, 3], y: [3, 1, 2] }] }).svg();
    expect(textsOf(svg).length).toBeGreaterThan(3);
    expect(svg).toMatch(/<(?:path|g)[^>]+fill: rgb/);
  });

  it("draws pies", async () => {
    const svg = await plot({ data: [{ type: "pie", labels: ["in", "out"], values: [3, 1] }] }).svg();
    expect(textsOf(svg)).toEqual(expect.arrayContaining(["75%", "25%", "in", "out"]));
  });

  it("draws heatmaps cell by cell, and leaves out what is unknown", async () => {
    const colorscale = [
      [0, "rgb(255,0,0)"],
      [1, "rgb(0,0,255)"],
    ];
    const z = [
      [0, 1],
      [1, null],
    ];
    const svg = await plot({ data: [{ type: "heatmap", z, colorscale }] }).svg();
    const [, png = ""] = /data:image\/png;base64,([^"]+)/.exec(svg) ?? [];
    const { width, at } = pixelsOf(Buffer.from(png, "base64"));
    const [left, right] = [Math.floor(width / 4), Math.floor((3 * width) / 4)];
    expect([at(left, 0.75), at(right, 0.75), at(left, 0.25), at(right, 0.25)]).toEqual([
      [255, 0, 0, 255],
      [0, 0, 255, 255],
      [0, 0, 255, 255],
      [0, 0, 0, 0],
    ]);
    const uneven = plot({ data: [{ type: "heatmap", z, colorscale, x: [0, 1, 10], y: [0, 1, 2] }] });
    const [, other = ""] = /data:image\/png;base64,([^"]+)/.exec(await uneven.svg()) ?? [];
    const pixels = pixelsOf(Buffer.from(other, "base64"));
    expect(pixels.width).toBeGreaterThan(100);
    expect(pixels.at(Math.round(pixels.width * 0.05), 0.75)).toEqual([255, 0, 0, 255]);
    expect(pixels.at(Math.round(pixels.width * 0.5), 0.75)).toEqual([0, 0, 255, 255]);
  });

  it("draws flows between nodes", async () => {
    const node = { label: ["eth0", "br0", "dropped"] };
    const link = { source: [0, 0], target: [1, 2], value: [9, 1] };
    const svg = await plot({ data: [{ type: "sankey", node, link }] }).svg();
    expect(textsOf(svg).filter((text) => text !== "")).toEqual(["eth0", "br0", "dropped"]);
    const { document } = new JSDOM(svg, { contentType: "image/svg+xml" }).window;
    const heights = [...document.querySelectorAll("rect")]
      .map((rect) => [Number(rect.getAttribute("width")), Number(rect.getAttribute("height"))])
      .filter(([width]) => width === 20)
      .map(([, height = 0]) => height);
    expect(heights).toHaveLength(3);
    expect((heights[1] ?? 0) / (heights[2] ?? 1)).toBeCloseTo(9, 0);
  });

  it("is refused where only a browser can draw, and the figure is shown all the same", async () => {
    const heatmap = plot({ data: [{ type: "heatmapgl", z: [[1, 2]] }], layout: { title: { text: "Heat" } } });
    expect(await refused(heatmap)).toMatchObject({ code: "FIGURE_NOT_DRAWN" });
    const bundle = await heatmap[jupyterDisplay]();
    const texts = textsOf(bundle["image/svg+xml"] as string).join(" ");
    expect(texts).toContain("Heat");
    expect(texts).toContain('traces of type "heatmapgl" are drawn by a browser only');
    expect(bundle["application/vnd.plotly.v1+json"]).toMatchObject({ data: [{ type: "heatmapgl" }] });
  });

  it("is refused above 20,000 points", async () => {
    const x = Array.from({ length: 20_001 }, (_, i) => i);
    expect(await refused(plot({ data: [{ x, y: x }] }))).toMatchObject({ code: "FIGURE_NOT_DRAWN" });
  });
});

describe("a figure", () => {
  it("shows itself as plotly JSON, HTML, SVG and words", async () => {
    const bundle = await bars()[jupyterDisplay]();
    expect(Object.keys(bundle)).toEqual([
      "application/vnd.plotly.v1+json",
      "text/html",
      "image/svg+xml",
      "text/plain",
    ]);
    expect(bundle["text/plain"]).toMatchInlineSnapshot(`
      "Figure: Packets by queue
      ten seconds
      x: Queue
      y: Packets
        sent: bar, 2 points
        a  & $x$: bar, 2 points"
    `);
    expect(JSON.parse(JSON.stringify(bundle))).toEqual(bundle);
  });

  it("has words for its picture", async () => {
    const html = (await bars()[jupyterDisplay]())["text/html"] as string;
    const { document } = new JSDOM(html).window;
    expect(document.querySelector("img")?.alt).toBe("Packets by queue. ten seconds (2 series)");
  });

  it("never leaves the page for anything", async () => {
    const html = (await bars()[jupyterDisplay]())["text/html"] as string;
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  });

  it("is not changed by what happens to its arrays later", () => {
    const x = [1, 2];
    const figure = plot({ data: [{ x }] });
    x.push(3);
    expect(figure.data).toEqual([{ x: [1, 2] }]);
  });

  it("takes typed arrays and bigints", () => {
    const { data } = plot({ data: [{ x: new Float64Array([1.5, 2]), y: [10n, null] }] });
    expect(data).toEqual([{ x: [1.5, 2], y: [10, null] }]);
  });

  it("refuses what plotly.js does not take", () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    for (const bad of [
      undefined,
      { data: 5 },
      { data: [1] },
      { data: [], layout: [] },
      { data: [], layout: { width: "wide" } },
      { data: [loop] },
    ]) {
      expect(() => plot(bad as never)).toThrow(expect.objectContaining({ code: "BAD_FIGURE" }));
    }
  });
});
