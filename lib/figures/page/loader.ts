import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { currentCell } from "../../cell/index.js";
import { plotlyScript } from "../static/index.js";

interface Carrier {
  id: string | undefined;
  signal: AbortSignal | undefined;
}

let carrier: Carrier | undefined;

/**
 * Whether the figure being shown brings plotly.js along for the whole notebook. The first one of a session does, and
 * after it the first one of each later run of the same cell, whose output replaces the one that carried it.
 */
export function bringsPlotly(): boolean {
  const cell = currentCell();
  const rerun = cell?.id !== undefined && cell.id === carrier?.id && cell.signal !== carrier.signal;
  if (carrier !== undefined && !rerun) return false;
  carrier = { id: cell?.id, signal: cell?.signal };
  return true;
}

async function pack(): Promise<string> {
  const packed = await promisify(gzip)(await readFile(plotlyScript()), { level: 9 });
  return packed.toString("base64");
}

let packed: Promise<string> | undefined;

/** plotly.js, gzipped, in base64: 2 MB instead of 5. */
export function packedPlotly(): Promise<string> {
  packed ??= pack();
  return packed;
}
