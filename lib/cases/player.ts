import { z } from "zod";
import { currentCell } from "../cell/index.js";
import { SkbookError } from "../errors/index.js";
import { keyOf, type Recording } from "./entry.js";
import { damagedCase } from "./errors.js";
import { executionOf } from "./execution.js";
import type { CaseFolder } from "./folder.js";
import { journalFile } from "./journal.js";
import { nearest } from "./nearest.js";
import type { RecordedRun, RunRequest } from "./request.js";

/** Answers requests from a case. */
export class Player {
  private readonly recordings: Map<string, Recording[]>;
  private readonly asked = new Map<string, number>();

  constructor(readonly folder: CaseFolder) {
    this.recordings = byRequest(folder.journal.recordings);
  }

  /**
   * A cell is answered with its own recordings where it has some, else with those of all cells. The nth time that it asks in one
   * execution, the nth recording answers; asked more often than recorded, the last one.
   */
  play<Outcome>(request: RunRequest, schema: z.ZodType<Outcome>): RecordedRun<Outcome> {
    const key = keyOf(request);
    const recordings = this.recordings.get(key);
    if (recordings === undefined) throw this.notRecorded(request);
    const cell = currentCell();
    const own = recordings.filter((entry) => entry.cell !== null && entry.cell.id === cell?.id);
    const answers = own.length > 0 ? own : recordings;
    const asker = own.length > 0 ? executionOf(cell) : null;
    const turnKey = `${asker}\n${key}`;
    const turn = this.asked.get(turnKey) ?? 0;
    this.asked.set(turnKey, turn + 1);
    const entry = answers[Math.min(turn, answers.length - 1)] as Recording;
    const outcome = schema.safeParse(entry.outcome);
    if (!outcome.success) {
      const failed = `the outcome of ${entry.id}: ${z.prettifyError(outcome.error)}`;
      throw damagedCase(`${this.folder.path}/${journalFile}`, failed);
    }
    return {
      recordingId: entry.id,
      bytes: this.folder.read(entry.payload),
      outcome: Promise.resolve(outcome.data),
    };
  }

  private notRecorded(request: RunRequest): SkbookError {
    return new SkbookError({
      code: "NOT_RECORDED",
      tried: `answer ${request.name} on ${request.host} from the case ${this.folder.path}`,
      failed: nearest(request, this.folder.journal.recordings),
      todo: "ask for what was recorded, or run the notebook against the host; a replay never makes up an answer",
      details: { request },
    });
  }
}

/** Recordings by request, without those that a later execution of the same cell replaced. */
function byRequest(all: readonly Recording[]): Map<string, Recording[]> {
  const lastExecution = new Map<string, string>();
  const cellKey = ({ cell, key }: Recording) => `${cell?.id}\n${key}`;
  for (const recording of all) {
    if (recording.cell !== null) lastExecution.set(cellKey(recording), recording.cell.execution);
  }
  const recordings = new Map<string, Recording[]>();
  for (const recording of [...all].sort((a, b) => a.number - b.number)) {
    const { cell, key } = recording;
    if (cell !== null && lastExecution.get(cellKey(recording)) !== cell.execution) continue;
    const known = recordings.get(key);
    if (known === undefined) recordings.set(key, [recording]);
    else known.push(recording);
  }
  return recordings;
}
