import { currentCell } from "../cell/index.js";
import { SkbookError } from "../errors/index.js";
import { keyOf } from "./canonical.js";
import { executionOf } from "./execution.js";
import type { CaseFolder } from "./folder.js";
import type { JournalEntry } from "./journal.js";
import { nearest } from "./nearest.js";
import type { RecordedRun, RunRequest } from "./request.js";

/** Answers requests from a case. */
export class Player {
  private readonly recordings: Map<string, JournalEntry[]>;
  private readonly asked = new Map<string, number>();

  constructor(readonly folder: CaseFolder) {
    this.recordings = byRequest(folder.journal.entries);
  }

  get hosts(): string[] {
    return [...new Set(this.folder.journal.entries.map((entry) => entry.request.host))];
  }

  /**
   * A cell is answered with its own recordings where it has some, else with those of all cells. The nth time that it asks in one
   * execution, the nth recording answers; asked more often than recorded, the last one.
   */
  play<Outcome>(request: RunRequest): RecordedRun<Outcome> {
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
    const entry = answers[Math.min(turn, answers.length - 1)] as JournalEntry;
    return {
      recordingId: entry.id,
      bytes: this.folder.read(entry.payload),
      outcome: Promise.resolve(entry.outcome as Outcome),
    };
  }

  private notRecorded(request: RunRequest): SkbookError {
    return new SkbookError({
      code: "NOT_RECORDED",
      tried: `answer ${request.name} on ${request.host} from the case ${this.folder.path}`,
      failed: nearest(request, this.folder.journal.entries),
      todo: "ask for what was recorded, or run the notebook against the host; a replay never makes up an answer",
      details: { request },
    });
  }
}

/** Recordings by request, without those that a later execution of the same cell replaced. */
function byRequest(entries: readonly JournalEntry[]): Map<string, JournalEntry[]> {
  const lastExecution = new Map<string, string>();
  const cellKey = (entry: JournalEntry) => `${entry.cell?.id}\n${keyOf(entry.request)}`;
  for (const entry of entries) {
    if (entry.cell !== null) lastExecution.set(cellKey(entry), entry.cell.execution);
  }
  const recordings = new Map<string, JournalEntry[]>();
  for (const entry of [...entries].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    if (entry.cell !== null && lastExecution.get(cellKey(entry)) !== entry.cell.execution) continue;
    const key = keyOf(entry.request);
    recordings.set(key, [...(recordings.get(key) ?? []), entry]);
  }
  return recordings;
}
