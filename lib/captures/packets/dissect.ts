import { openCase, recordedRun } from "../../cases/index.js";
import { SkbookError } from "../../errors/index.js";
import { type Standing, watched } from "../../progress/index.js";
import { ParquetWriter, type Table } from "../../tables/index.js";
import { writeBase } from "../base/index.js";
import { openWorkplace } from "../cache/index.js";
import type { Capture } from "../capture.js";
import { checkUnchanged } from "../identity.js";
import { tsharkOutcome } from "../tshark.js";
import { PacketParser } from "./parser.js";
import { withFirstPackets } from "./preview.js";
import { packetLines, startTshark } from "./run.js";
import { keptTable, openParts, tableOf } from "./table.js";
import { keyOf, type Prepared, prepared, type Wanted } from "./wanted.js";

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
    "part",
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
    const recorded = await recordedRun(
      { kind: "tshark", name, host: capture.host.name, params },
      tsharkOutcome,
      () =>
        startTshark(capture, wanted, (packets) => {
          ahead += packets;
        }),
    );
    // When reading fails first, tshark is ended for it: the reading's error is the one to tell.
    recorded.outcome.catch(() => {});
    const parser = new PacketParser(printed, columns, writer);
    const standing = () =>
      standingOf(capture, wanted, {
        frame: filter === "" ? parser.rows : parser.frame,
        rows: parser.rows,
        ahead,
      });
    await watched(`dissect ${capture.name}`, standing, async () => {
      for await (const chunk of packetLines(recorded.bytes, capture.name)) {
        parser.push(chunk);
        if (parser.rows > 2 * capture.facts.packets + spareRows) throw tooMany(capture);
        await writer.settle();
      }
    });
    const outcome = await recorded.outcome;
    parts = await writer.finish();
    const base = wanted.analysed
      ? await writeBase(await openParts(wanted, parts, capture.provenance), place.folder)
      : [];
    if (key !== null) await checkUnchanged(capture);
    const kept = await place.keep([...parts, ...base], outcome);
    return await tableOf(capture, wanted, kept, { key, recordingId: recorded.recordingId, outcome });
  } catch (error) {
    if (parts === undefined) await writer.close();
    await place.discard();
    throw error;
  }
}

/** What capinfos counts is what tshark prints; this is for files that it could not read to their end. */
const spareRows = 100_000;

function tooMany({ name, facts }: Capture): SkbookError {
  return new SkbookError({
    code: "TSHARK_OUTPUT",
    tried: `dissect ${name}`,
    failed: `more lines came than twice the ${facts.packets} packets that the file has`,
    todo: "see whether the file grows, and whether the host's tshark is tshark",
  });
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
