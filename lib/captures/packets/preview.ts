import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import { openCase } from "../../cases/index.js";
import { currentCell, type MimeBundle } from "../../cell/index.js";
import { renderTable, type Value } from "../../tables/index.js";
import type { Capture } from "../capture.js";
import { startTool } from "../tool.js";
import type { Printed } from "./fields.js";
import { PacketParser } from "./parser.js";
import type { PacketColumn } from "./readers.js";
import { packetLines } from "./run.js";
import { tsharkArguments } from "./tshark.js";

/** Work that is over sooner shows its result soon enough. */
const afterMs = 1_000;
const shownPackets = 10;

/**
 * Does the work of reading a capture, and shows its first packets meanwhile; they are gone at the end, so that a notebook keeps the
 * same with and without them. Nothing is shown where nobody looks on, and in a replay.
 */
export async function withFirstPackets<T>(
  capture: Capture,
  printed: readonly Printed[],
  columns: readonly PacketColumn[],
  work: () => Promise<T>,
): Promise<T> {
  const cell = currentCell();
  if (cell?.ask === undefined || (await openCase())?.mode === "replay") return work();
  const id = randomUUID();
  let over = false;
  let showing: Promise<boolean> = Promise.resolve(false);
  const show = async () => {
    const bundle = await firstPackets(capture, printed, columns);
    if (!over) cell.display(bundle, { id });
    return !over;
  };
  const timer = setTimeout(() => {
    // Where the first packets can't be read, the work itself says why.
    showing = show().catch(() => false);
  }, afterMs);
  try {
    return await work();
  } finally {
    over = true;
    clearTimeout(timer);
    if (await showing) cell.display({}, { id, update: true });
  }
}

async function firstPackets(
  { host, path, facts }: Capture,
  printed: readonly Printed[],
  columns: readonly PacketColumn[],
): Promise<MimeBundle> {
  const args = ["-r", path as string, "-c", String(shownPackets), ...tsharkArguments(printed, "")];
  const rows: Value[][] = [];
  const empty = () => columns.map((): Value => null);
  let row = empty();
  const parser = new PacketParser(printed, columns, {
    put(column, value) {
      row[column] = value;
    },
    endRow() {
      rows.push(row);
      row = empty();
    },
  });
  const lines = packetLines(startTool(host, "tshark", args), basename(path as string));
  for await (const chunk of lines) parser.push(chunk);
  return renderTable({
    columns: columns.map(({ column }) => column),
    rows,
    total: facts.packets,
    passing: true,
  });
}
