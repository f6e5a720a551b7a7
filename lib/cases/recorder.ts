import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip, constants as zlib } from "node:zlib";
import { currentCell } from "../cell/index.js";
import { SkbookError } from "../errors/index.js";
import { type JournalEntry, type Payload, payloadPath } from "./entry.js";
import { caseWriteFailed } from "./errors.js";
import { executionOf } from "./execution.js";
import type { CaseFolder } from "./folder.js";
import type { RecordedRun, Run, RunRequest } from "./request.js";

/** Writes runs into a case while their bytes pass by. */
export class Recorder {
  private readonly session = Date.now().toString(36);
  private writing: Promise<unknown> = Promise.resolve();
  /** Runs that have not ended. */
  private open = 0;
  private closed = false;

  constructor(readonly folder: CaseFolder) {}

  /** Starts a run; its outcome is given out only after its recording is on the disk. */
  async record<Outcome>(
    request: RunRequest,
    start: () => Run<Outcome> | Promise<Run<Outcome>>,
  ): Promise<RecordedRun<Outcome>> {
    const id = this.folder.nextId(request.name);
    const cell = this.cell();
    this.open += 1;
    const run = await this.begun(start);
    const sink = new PayloadWriter(this.folder, id);
    const passed = new Passage();
    const outcome = (async () => {
      try {
        const [result] = await Promise.all([run.outcome, passed.over]);
        const payload = await sink.finish();
        await this.append({ id, request, cell, outcome: result, payload });
        return result;
      } catch (error) {
        await sink.discard();
        throw error;
      } finally {
        this.runEnded();
      }
    })();
    outcome.catch(() => {});
    return { recordingId: id, bytes: passed.tee(run.bytes, sink), outcome };
  }

  /** Lets others record into the case, once the runs that were begun have ended. */
  close(): void {
    this.closed = true;
    this.release();
  }

  /** Whether it can record again: nobody else could have done so since. */
  async reopen(): Promise<boolean> {
    if (!(await this.folder.lock?.isHeld())) return false;
    this.closed = false;
    return true;
  }

  private async begun<R>(start: () => R | Promise<R>): Promise<R> {
    try {
      return await start();
    } catch (error) {
      this.runEnded();
      throw error;
    }
  }

  private runEnded(): void {
    this.open -= 1;
    this.release();
  }

  private release(): void {
    if (this.closed && this.open === 0) this.folder.lock?.release();
  }

  private append(entry: JournalEntry): Promise<void> {
    const done = this.writing.then(() => this.folder.journal.append(entry));
    this.writing = done.catch(() => {});
    return done;
  }

  /** Which execution of which cell asks: a replay takes the last execution of a cell that was run again. */
  private cell(): JournalEntry["cell"] {
    const cell = currentCell();
    if (cell?.id === undefined) return null;
    return { id: cell.id, execution: `${this.session}.${executionOf(cell)}` };
  }
}

/** Bytes on their way from a run to its reader and into the case. */
class Passage {
  private resolve!: () => void;
  private reject!: (error: unknown) => void;
  /** Settles when the last byte has passed, or the reader has stopped reading. */
  readonly over = new Promise<void>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  async *tee(bytes: AsyncIterable<Uint8Array>, sink: PayloadWriter): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of bytes) {
        await sink.write(chunk);
        yield chunk;
      }
    } catch (error) {
      this.reject(error);
      throw error;
    } finally {
      this.resolve();
    }
  }
}

/** A payload file while it is written: under another name until its run has ended. */
class PayloadWriter {
  private bytes = 0;
  private readonly hash = createHash("sha256");
  private file: FileHandle | undefined;
  private input: Transform | undefined;
  private done: Promise<void> | undefined;
  private failure: unknown;

  constructor(
    private readonly folder: CaseFolder,
    private readonly id: string,
  ) {}

  async write(chunk: Uint8Array): Promise<void> {
    if (chunk.length === 0) return;
    this.bytes += chunk.length;
    const input = this.input ?? (await this.open());
    if (this.failure === undefined && !input.write(chunk))
      await Promise.race([
        new Promise((drained) => input.once("drain", drained)),
        this.done?.catch(() => {}),
      ]);
    if (this.failure !== undefined) throw this.failed(this.failure);
  }

  async finish(): Promise<Payload | null> {
    if (this.input === undefined || this.file === undefined) return null;
    try {
      this.input.end();
      await this.done;
    } catch (error) {
      throw this.failed(error);
    }
    await this.folder.finishPayload(this.id);
    return { path: payloadPath(this.id), bytes: this.bytes, sha256: this.hash.digest("hex") };
  }

  async discard(): Promise<void> {
    if (this.file === undefined) return;
    this.input?.destroy();
    await this.done?.catch(() => {});
    await this.file.close().catch(() => {});
    await this.folder.discardPayload(this.id).catch(() => {});
  }

  private async open(): Promise<Transform> {
    this.file = await this.folder.createPayload(this.id);
    const gzip = createGzip({ level: zlib.Z_BEST_SPEED });
    const hash = this.hash;
    const hashed = new Transform({
      transform(chunk, _encoding, next) {
        hash.update(chunk);
        next(null, chunk);
      },
    });
    this.done = pipeline(gzip, hashed, this.file.createWriteStream({ flush: true }));
    this.done.catch((error) => {
      this.failure = error;
    });
    // The pipeline has the error; a chunk that comes after it must not make another.
    gzip.on("error", () => {});
    this.input = gzip;
    return gzip;
  }

  private failed(error: unknown): SkbookError {
    return error instanceof SkbookError
      ? error
      : caseWriteFailed(join(this.folder.path, payloadPath(this.id)), error);
  }
}
