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

async function openRecord(path: string): Promise<Session> {
  return { mode: "record", recorder: new Recorder(await CaseFolder.openOrCreate(path)) };
}

/**
 * Records every run from here on into a case: a folder that a colleague can replay without the hosts. An existing case
 * is continued; a cell that is run again replaces, in a replay, what it recorded before.
 *
 * @param path folder of the case; made where it doesn't exist.
 * @throws SkbookError `CASE_DAMAGED`, `NOT_A_CASE` when the folder holds something else under the case's names.
 */
export async function record(path: string): Promise<void> {
  const opened = openRecord(path);
  await opened;
  session = opened;
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
  const opened = openReplay(path);
  await opened;
  session = opened;
}

/** Neither records nor replays from here on. Connections that a replay made stay recorded ones: connect() again. */
export function live(): void {
  session = Promise.resolve({ mode: "live" });
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
  const player = open.mode === "replay" ? open.player : new Player(open.recorder.folder);
  return { mode: open.mode, path: player.folder.path, hosts: player.hosts };
}

/**
 * Starts a run; or, in a replay, finds its recording and never calls `start`. All code behind it is the same for live and
 * replayed runs.
 */
export async function recordedRun<Outcome>(
  request: RunRequest,
  start: () => Run<Outcome> | Promise<Run<Outcome>>,
): Promise<RecordedRun<Outcome>> {
  const open = await current();
  switch (open.mode) {
    case "replay":
      return open.player.play<Outcome>(request);
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
