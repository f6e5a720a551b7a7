import { resolve } from "node:path";
import type { z } from "zod";
import { SkbookError } from "../errors/index.js";
import { findCase } from "./find.js";
import { CaseFolder } from "./folder.js";
import { Player } from "./player.js";
import { Recorder } from "./recorder.js";
import type { RecordedRun, Run, RunRequest } from "./request.js";

/** What a notebook session does with its runs. */
type Session = { mode: "live" } | { mode: "record"; recorder: Recorder } | { mode: "replay"; player: Player };

let session: Promise<Session> | undefined;

/** Until a cell says otherwise, the environment decides: `skbook run --record/--replay` sets it. */
function current(): Promise<Session> {
  if (session === undefined) {
    const { SKBOOK_RECORD, SKBOOK_REPLAY } = process.env;
    if (SKBOOK_REPLAY) session = openReplay(SKBOOK_REPLAY);
    else if (SKBOOK_RECORD) session = openRecord(SKBOOK_RECORD);
    else session = Promise.resolve({ mode: "live" });
  }
  return session;
}

async function openReplay(path: string): Promise<Session> {
  return { mode: "replay", player: new Player(await CaseFolder.open(await findCase(path))) };
}

/** Of cases that this process records into, those too whose last runs have not ended yet. */
const recorders = new Map<string, Session & { mode: "record" }>();

async function openRecord(path: string): Promise<Session> {
  const folder = resolve(path);
  const known = recorders.get(folder);
  if (await known?.recorder.reopen()) return known as Session;
  const opened = { mode: "record" as const, recorder: new Recorder(await CaseFolder.openOrCreate(folder)) };
  recorders.set(folder, opened);
  return opened;
}

/** Goes on with another session: who recorded before lets others do so. */
async function goOn(next: Session): Promise<void> {
  const before = await session?.catch(() => undefined);
  session = Promise.resolve(next);
  if (before !== undefined && before !== next) closeRecorder(before);
}

function closeRecorder(ended: Session): void {
  if (ended.mode === "record") ended.recorder.close();
}

/**
 * Records every run from here on into a case: a folder that a colleague can replay without the hosts. An existing case
 * is continued; a cell that is run again replaces, in a replay, what it recorded before.
 *
 * @param path folder of the case; made where it doesn't exist.
 * @throws SkbookError `CASE_DAMAGED`, `NOT_A_CASE` when the folder holds something else under the case's names, `CASE_BUSY` while another process
 *   records into it, `CASE_WRITE_FAILED`, `DISK_FULL`, `QUOTA_EXCEEDED`.
 */
export async function record(path: string): Promise<void> {
  await goOn(await openRecord(path));
}

/**
 * Answers every run from here on from a case, without hosts, root, bpftrace or tshark. What was not recorded, or was recorded
 * with other parameters, is an error that shows the difference (`NOT_RECORDED`).
 *
 * @param path folder of the case: looked for beside the notebook, then from the folder where `skbook` was started; or the name of a
 *   case that skbook brings along, like `first-look`.
 * @throws SkbookError `NOT_A_CASE` with the paths that were tried, `CASE_DAMAGED`.
 */
export async function replay(path: string): Promise<void> {
  await goOn(await openReplay(path));
}

/** Neither records nor replays from here on. Connections that a replay made stay recorded ones: connect() again. */
export function live(): void {
  const before = session;
  session = Promise.resolve({ mode: "live" });
  before?.then(closeRecorder, () => {});
}

/**
 * Answers every run from here on from a case, as {@link replay} does, or measures: what a notebook starts with that can do both.
 * A run with `--record` or `--replay` has chosen already and stays as it is.
 *
 * @param recorded the case, as `replay` takes it; "" to measure.
 * @throws SkbookError `NOT_A_CASE`, `CASE_DAMAGED`.
 * @example await replayOrMeasure("first-look");
 */
export async function replayOrMeasure(recorded: string): Promise<void> {
  if (process.env.SKBOOK_RECORD || process.env.SKBOOK_REPLAY) return;
  if (recorded === "") live();
  else await replay(recorded);
}

/** The open case, or null when runs are neither recorded nor replayed. */
export async function openCase(): Promise<{
  mode: "record" | "replay";
  path: string;
  hosts: string[];
} | null> {
  const open = await current();
  if (open.mode === "live") return null;
  const { folder } = open.mode === "replay" ? open.player : open.recorder;
  const hosts = new Set(folder.journal.recordings.map(({ host }) => host));
  return { mode: open.mode, path: folder.path, hosts: [...hosts] };
}

/**
 * Starts a run; or, in a replay, finds its recording and never calls `start`. All code behind it is the same for live and
 * replayed runs.
 *
 * @param outcome what a recorded outcome is checked against: who made the case is not known.
 */
export async function recordedRun<Outcome>(
  request: RunRequest,
  outcome: z.ZodType<Outcome>,
  start: () => Run<Outcome> | Promise<Run<Outcome>>,
): Promise<RecordedRun<Outcome>> {
  const open = await current();
  switch (open.mode) {
    case "replay":
      return open.player.play(request, outcome);
    case "record":
      return open.recorder.record(request, start);
    case "live": {
      const run = await start();
      // Who reads the bytes first may fail on them and never look at the outcome.
      run.outcome.catch(() => {});
      return { recordingId: null, ...run };
    }
  }
}

/** Whether runs are answered from a case. */
export async function replaying(): Promise<boolean> {
  return (await current()).mode === "replay";
}

/** Changes with every case that is opened: what was remembered under another key is not in this case. */
export async function sessionKey(): Promise<object> {
  return current();
}

/** Fails where only live work makes sense. */
export async function refuseInReplay(tried: string): Promise<void> {
  if (await replaying()) {
    throw new SkbookError({
      code: "NOT_RECORDED",
      tried,
      failed: "this session replays a case, and this is never recorded",
      todo: "leave it out, or run the notebook against the host",
    });
  }
}
