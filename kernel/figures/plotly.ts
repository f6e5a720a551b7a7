import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** Where plotly.js lies, as one script for a page. */
export function plotlyScript(): string {
  return createRequire(import.meta.url).resolve("plotly.js-dist-min/plotly.min.js");
}

/** plotly.js, gzipped, in base64: 2 MB instead of 5. */
export async function packedPlotly(): Promise<string> {
  const packed = await promisify(gzip)(await readFile(plotlyScript()), { level: 9 });
  return packed.toString("base64");
}
