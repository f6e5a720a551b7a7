import { setTimeout as sleep } from "node:timers/promises";
import { callSignal } from "../cell/index.js";
import { reasonOf, SkbookError } from "../errors/index.js";
import { findCase } from "./find.js";
import { CaseFolder, unfinished } from "./folder.js";
import { isRecordedHere } from "./lock.js";

/** Between a recording and its line lies no more than a sync of the disk. */
const lineMilliseconds = 1_000;

/** What {@link verifyCase} found. */
export interface CaseReport {
  path: string;
  /** Every recording is byte for byte as recorded, and nothing was cut short. */
  intact: boolean;
  recordings: { id: string; kind: string; name: string; host: string; bytes: number; intact: boolean }[];
  /** What is wrong, in words; empty for an intact case. */
  problems: string[];
}

/**
 * Reads a whole case, checks every hash in it, and decompresses every recording. Runs of a process of this machine that records
 * into it meanwhile are no problem before they have ended.
 *
 * @param path folder of the case, or its name: looked for as by {@link replay}.
 * @returns which recordings are intact, and what was cut short.
 * @throws SkbookError `NOT_A_CASE`, `INTERRUPTED`, or `CASE_DAMAGED` when the journal itself was changed.
 */
export async function verifyCase(path: string): Promise<CaseReport> {
  const found = await findCase(path);
  const busy = await isRecordedHere(found);
  const folder = await CaseFolder.open(found);
  const problems: string[] = [];
  const recordings: CaseReport["recordings"] = [];
  for (const { id, kind, name, host, payload } of folder.journal.recordings) {
    const damage = payload === null ? undefined : await folder.check(payload).then(() => undefined, damageOf);
    if (damage !== undefined) problems.push(`${id}: ${damage}`);
    recordings.push({ id, kind, name, host, bytes: payload?.bytes ?? 0, intact: damage === undefined });
  }
  problems.push(...(busy ? await looseMeanwhile(folder) : await loose(folder)));
  return { path: folder.path, intact: problems.length === 0, recordings, problems };
}

async function loose(folder: CaseFolder): Promise<string[]> {
  const cut = folder.journal.cutShort
    ? ["the journal was cut short: its last line is not complete and not used"]
    : [];
  return [...cut, ...(await folder.unnamed()).map(unused)];
}

/** The same while a process records: a run of it may be under way, and its line be written. */
async function looseMeanwhile(folder: CaseFolder): Promise<string[]> {
  const without = async (at: CaseFolder) => (await at.unnamed()).filter((name) => !name.endsWith(unfinished));
  const first = await without(folder);
  if (first.length === 0) return [];
  await sleep(lineMilliseconds, undefined, { signal: callSignal() });
  const later = new Set(await without(await CaseFolder.open(folder.path)));
  return first.filter((name) => later.has(name)).map(unused);
}

function unused(name: string): string {
  const why = name.endsWith(unfinished)
    ? "its run never ended"
    : "the journal says nothing of it: lines are missing";
  return `${name}: ${why}; its bytes are not used`;
}

function damageOf(error: unknown): string {
  if (error instanceof SkbookError && error.code === "CASE_DAMAGED") return error.failed;
  if (error instanceof SkbookError) throw error;
  return reasonOf(error);
}
