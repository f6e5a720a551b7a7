import { reasonOf, SkbookError } from "../errors/index.js";
import { findCase } from "./find.js";
import { CaseFolder, unfinished } from "./folder.js";

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
 * Reads a whole case and checks every hash in it.
 *
 * @param path folder of the case, or its name: looked for as by {@link replay}.
 * @returns which recordings are intact, and what was cut short.
 * @throws SkbookError `NOT_A_CASE`, or `CASE_DAMAGED` when the journal itself was changed.
 */
export async function verifyCase(path: string): Promise<CaseReport> {
  const folder = await CaseFolder.open(await findCase(path));
  const problems: string[] = [];
  const recordings: CaseReport["recordings"] = [];
  for (const { id, request, payload } of folder.journal.entries) {
    const damage = payload === null ? undefined : await folder.check(payload).then(() => undefined, damageOf);
    if (damage !== undefined) problems.push(`${id}: ${damage}`);
    recordings.push({
      id,
      kind: request.kind,
      name: request.name,
      host: request.host,
      bytes: payload?.bytes ?? 0,
      intact: damage === undefined,
    });
  }
  if (folder.journal.cutShort)
    problems.push("the journal was cut short: its last line is not complete and not used");
  for (const name of await folder.unnamed()) {
    const why = name.endsWith(unfinished)
      ? "its run never ended"
      : "the journal says nothing of it: lines are missing";
    problems.push(`${name}: ${why}; its bytes are not used`);
  }
  return { path: folder.path, intact: problems.length === 0, recordings, problems };
}

function damageOf(error: unknown): string {
  return error instanceof SkbookError ? error.failed : reasonOf(error);
}
