import { basename } from "node:path";
import { openCase, type Run, recordedRun } from "../../cases/index.js";
import { interrupted } from "../../cell.js";
import { SkbookError } from "../../errors.js";
import { type Standing, watched } from "../../progress/index.js";
import { openParquet, ParquetWriter, type Provenance, type Table } from "../../tables/index.js";
import { isBaseFile, openBase, writeBase } from "../base/index.js";
import { cachedTable, cacheKey, openWorkplace } from "../cache/index.js";
import type { Capture } from "../capture.js";
import { type FieldSet, resolveFields, unknownNote } from "../fields/index.js";
import { checkUnchanged } from "../identity.js";
import type { TsharkEnd, TsharkOutcome } from "../tshark.js";
import { columnsFor, inOrder, type Printed } from "./fields.js";
import { PacketParser } from "./parser.js";
import { withFirstPackets } from "./preview.js";
import type { PacketColumn } from "./readers.js";
import { startDissection } from "./tshark.js";
import { type Withholding, withheld } from "./withhold.js";

/** What a pass of tshark over a capture is to give. */
export interface Wanted {
  /** Names the run and the Table. */
  name: string;
  columns: readonly PacketColumn[];
  /** Display filter; "" for all packets. */
  filter: string;
  /** tshark's preferences. */
  settings: readonly string[];
  /** Fields without which the rows say nothing. */
  essential: ReadonlySet<string>;
  /** What must not be kept of a field is taken away before anything is: neither a Table nor a case has it. */
  withhold?: Withholding;
  /** The folder of the code that reads these columns, where it is another than the packet Table's: with other code, a kept Table isn't this one. */
  code?: URL;
  /** Analyses start from it: their base belongs to it. */
  analysed?: boolean;
}

/** A Table of one row per packet: from an earlier run over the same file where there was one, else by tshark. */
export async function dissect(capture: Capture, wanted: Wanted): Promise<Table> {
  const mode = (await openCase())?.mode;
  const ready = await prepared(capture, wanted);
  const key = mode === "replay" ? null : await keyOf(capture, ready);
  const kept = await keptTable(capture, ready, key);
  if (kept !== null) return kept;
  if (wanted.filter !== "") return run(capture, ready, key);
  return withFirstPackets(capture, ready.printed, ready.columns, () => run(capture, ready, key));
}

/** What is wanted, by what the tshark there can give. */
interface Prepared extends Wanted {
  fields: FieldSet;
  printed: readonly Printed[];
}

async function prepared(capture: Capture, wanted: Wanted): Promise<Prepared> {
  const fields = await resolveFields(capture.host, fieldsOf(wanted.columns), wanted.essential);
  const columns = wanted.columns.map((column): PacketColumn => {
    const lacking = column.needs.some((name) => fields.unknown.includes(name));
    return lacking ? { ...column, read: () => null } : column;
  });
  return { ...wanted, columns, fields, printed: columnsFor(fields) };
}

function fieldsOf(columns: readonly PacketColumn[]): string[] {
  return inOrder(["frame.protocols", ...columns.flatMap(({ needs }) => needs)]);
}

/** The Table of an earlier run, or null. A recording needs what tshark prints, not what became of it. */
async function keptTable(capture: Capture, wanted: Prepared, key: string | null): Promise<Table | null> {
  const kept = key === null || (await openCase()) !== null ? null : await cachedTable(key);
  if (kept === null) return null;
  // Somebody may just have made room.
  return tableOf(capture, wanted, kept.paths, null, kept.outcome as TsharkOutcome).catch(() => null);
}

/** The Table of an earlier run, or null: never waits for tshark's dissection. */
export async function alreadyDissected(capture: Capture, wanted: Wanted): Promise<Table | null> {
  if ((await openCase()) !== null) return null;
  const ready = await prepared(capture, wanted);
  return keptTable(capture, ready, await keyOf(capture, ready));
}

async function run(capture: Capture, wanted: Prepared, key: string | null): Promise<Table> {
  const { name, columns, printed, filter, settings } = wanted;
  const place = await openWorkplace(key);
  const writer = await ParquetWriter.open(
    place.folder,
    columns.map(({ column }) => column),
  );
  let parts: string[] | undefined;
  let ahead = 0;
  try {
    const params = {
      capture: capture.sha256,
      filter,
      fields: printed.map(({ column }) => column),
      settings: [...settings],
    };
    const recorded = await recordedRun<TsharkOutcome>(
      { kind: "tshark", name, host: capture.host.name, params },
      () =>
        startTshark(capture, wanted, (packets) => {
          ahead += packets;
        }),
    );
    // When reading fails first, tshark is ended for it: the reading's error is the one to tell.
    recorded.outcome.catch(() => {});
    let frame = 0;
    const frames = columns.findIndex(({ column }) => column.name === "frame");
    const parser = new PacketParser(printed, columns, (values) => {
      frame = Number(values[frames]?.at(-1) ?? 0);
      return writer.appendColumns(values);
    });
    const standing = () =>
      standingOf(capture, wanted, { frame: filter === "" ? parser.rows : frame, rows: parser.rows, ahead });
    await watched(`dissect ${capture.name}`, standing, async () => {
      for await (const chunk of recorded.bytes) {
        parser.push(chunk);
        await writer.settle();
      }
    });
    const outcome = await recorded.outcome;
    parser.end();
    parts = await writer.finish();
    const base = wanted.analysed
      ? await writeBase(await openParts(wanted, parts, capture.provenance), place.folder)
      : [];
    if (key !== null) await checkUnchanged(capture);
    const kept = await place.keep([...parts, ...base], outcome);
    return await tableOf(capture, wanted, kept, recorded.recordingId, outcome);
  } catch (error) {
    if (parts === undefined) await writer.close();
    await place.discard();
    throw error;
  }
}

/**
 * By the number in the file of the last packet that came out: with a filter, tshark is at least so far. Of packets that were dissected ahead, half of
 * the work is done.
 */
function standingOf(
  { facts }: Capture,
  { filter }: Wanted,
  { frame, rows, ahead }: { frame: number; rows: number; ahead: number },
): Standing {
  const count = (value: number) => value.toLocaleString("en-US");
  const matching = filter === "" ? [] : [`${count(rows)} match the filter`];
  const dissected = Math.max(frame, ahead);
  const waiting = dissected > frame ? [`${count(dissected - frame)} more dissected`] : [];
  return {
    part: facts.packets > 0 && dissected > 0 ? (dissected + frame) / (2 * facts.packets) : undefined,
    facts: [`${count(frame)} of ${count(facts.packets)} packets`, ...waiting, ...matching],
  };
}

async function keyOf(
  capture: Capture,
  { name, columns, fields, printed, filter, settings, code }: Prepared,
): Promise<string> {
  const identity = await checkUnchanged(capture);
  const names = columns.map(({ column }) => `${column.name} ${column.type}`);
  const parts = {
    host: capture.host.name,
    identity,
    name,
    names,
    fields: printed.map(({ column }) => column),
    filter,
    settings: [...settings],
    version: fields.version,
  };
  return cacheKey(parts, code);
}

async function startTshark(
  capture: Capture,
  wanted: Prepared,
  onAhead: (packets: number) => void,
): Promise<Run<TsharkOutcome>> {
  const { bytes, ended } = await startDissection(capture, wanted, onAhead);
  const { printed, filter, withhold } = wanted;
  const names = printed.map(({ name }) => name);
  return {
    bytes: withhold === undefined ? bytes : withheld(bytes, names, withhold),
    outcome: checkedOutcome(ended, capture, filter),
  };
}

/** tshark ends with 2 for a bad filter as for a damaged file; only what it says of the file names it. */
async function checkedOutcome(
  ending: Promise<TsharkEnd>,
  capture: Capture,
  filter: string,
): Promise<TsharkOutcome> {
  const { canceled, ...outcome } = await ending;
  const tried = `dissect ${capture.name}${filter === "" ? "" : ` with the filter ${filter}`}`;
  // A file that was brought here, or captured, has a name of its own.
  const file = basename(capture.path ?? capture.name);
  if (canceled) throw interrupted(tried);
  if (
    outcome.exitCode === 0 ||
    (outcome.exitCode === 2 && capture.facts.partial && outcome.stderr.includes(file))
  )
    return outcome;
  const failed = outcome.stderr || `tshark ended with ${outcome.exitCode}`;
  if (filter !== "" && !failed.includes(file)) {
    throw new SkbookError({
      code: "BAD_FILTER",
      tried,
      failed,
      todo: "correct the display filter: ip.addr == 192.0.2.1 && tcp.port == 443 (not tcpdump's syntax)",
      details: { filter },
    });
  }
  throw new SkbookError({
    code: "TSHARK_FAILED",
    tried,
    failed,
    todo: "see whether the file is still there and memory is left: tshark takes some 0.5 KB per packet",
    details: { ...outcome },
  });
}

async function tableOf(
  capture: Capture,
  wanted: Prepared,
  files: readonly string[],
  recordingId: string | null,
  outcome: TsharkOutcome,
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
  if (wanted.analysed) await openBase(table, files);
  return table;
}

function openParts(
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
