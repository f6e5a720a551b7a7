import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { setImmediate } from "node:timers/promises";
import type { DOMWindow } from "jsdom";
import { type Box, boundingBox, clientBox, textLength } from "./boxes.js";
import { teachCanvas } from "./canvas.js";

/** The part of plotly.js that draws pictures. */
export interface Plotly {
  toImage(
    figure: { data: unknown; layout: unknown },
    options: { format: "svg"; imageDataOnly: true; width: number; height: number },
  ): Promise<string>;
}

function plotlyScript(): string {
  return createRequire(import.meta.url).resolve("plotly.js-dist-min/plotly.min.js");
}

/** A rectangle in the form that the DOM gives it. */
function domRect({ left, top, right, bottom }: Box) {
  return { left, top, right, bottom, x: left, y: top, width: right - left, height: bottom - top };
}

/** jsdom lays nothing out: measure text by font metrics, and answer what plotly.js asks a browser while it loads. */
function teachLayout(window: DOMWindow): void {
  Object.assign(window, { TextDecoder, TextEncoder });
  window.URL.createObjectURL = () => "";
  teachCanvas(window);
  Object.assign(window.SVGElement.prototype, {
    getBBox(this: Element) {
      return domRect(boundingBox(this));
    },
    getBoundingClientRect(this: Element) {
      return domRect(clientBox(this));
    },
    getComputedTextLength(this: Element) {
      return textLength(this);
    },
  });
}

async function load(): Promise<Plotly> {
  const source = await readFile(plotlyScript(), "utf8");
  const { JSDOM, VirtualConsole } = await import("jsdom");
  const { window } = new JSDOM("<!DOCTYPE html><body></body>", {
    runScripts: "outside-only",
    virtualConsole: new VirtualConsole(),
  });
  teachLayout(window);
  // Loading takes two long steps; whoever waits between them (an interrupt, a heartbeat) gets its turn.
  await setImmediate();
  window.eval(source);
  return (window as unknown as { Plotly: Plotly }).Plotly;
}

let loaded: Promise<Plotly> | undefined;

/** plotly.js in a window without a screen, one for the process, opened on first use (about a second). */
export function windowlessPlotly(): Promise<Plotly> {
  loaded ??= load();
  return loaded;
}
