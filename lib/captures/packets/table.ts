import { openCase } from "../../cases/index.js";
import { openParquet, type Provenance, type Table } from "../../tables/index.js";
import { isBaseFile, openBase } from "../base/index.js";
import { cachedTable } from "../cache/index.js";
import type { Capture } from "../capture.js";
import { unknownNote } from "../fields/index.js";
import type { TsharkOutcome } from "../tshark.js";
import type { Prepared, Wanted } from "./wanted.js";

/** The Table of an earlier run, or null. A recording needs what tshark prints, not what became of it. */
export async function keptTable(
  capture: Capture,
  wanted: Prepared,
  key: string | null,
): Promise<Table | null> {
  const kept = key === null || (await openCase()) !== null ? null : await cachedTable(key);
  if (kept === null) return null;
  // Somebody may just have made room.
  const outcome = kept.outcome as TsharkOutcome;
  return tableOf(capture, wanted, kept.paths, { key, recordingId: null, outcome }).catch(() => null);
}

/** The Table that files of packets are, with the base of its analyses. */
export async function tableOf(
  capture: Capture,
  wanted: Prepared,
  files: readonly string[],
  { key, recordingId, outcome }: { key: string | null; recordingId: string | null; outcome: TsharkOutcome },
): Promise<Table> {
  const { provenance } = capture;
  const description: Provenance = {
    ...provenance,
    source: wanted.name,
    recordingId,
    partial: provenance.partial || outcome.exitCode !== 0,
    notes: [...provenance.notes, ...unknownNote(wanted.fields, wanted.columns)],
    details: { ...provenance.details, filter: wanted.filter, tshark: outcome.version },
  };
  const parts = files.filter((path) => !isBaseFile(path));
  const table = await openParts(wanted, parts, description);
  if (wanted.analysed) await openBase(table, files, key);
  return table;
}

export function openParts(
  { name, columns }: Wanted,
  parts: readonly string[],
  provenance: Provenance,
): Promise<Table> {
  return openParquet(
    name,
    parts,
    columns.map(({ column }) => column),
    provenance,
  );
}
