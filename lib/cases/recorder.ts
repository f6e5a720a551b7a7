import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip, constants as zlib } from "node:zlib";
import { currentCell } from "../cell/index.js";
import { executionOf } from "./execution.js";
import { type CaseFolder, syncFile, unfinished } from "./folder.js";
import type { JournalEntry, Payload } from "./journal.js";
import type { RecordedRun, Run, RunRequest } from "./request.js";

/** Writes runs into a case while their bytes pass by. */
export class Recorder {
  private readonly session = Date.now().toString(36);
  private writing: Promise<unknown> = Promise.resolve();

  constructor(readonly folder: CaseFolder) {}

  /** Starts a run; its outcome is given out only after its recording is on the disk. */
  async record<Outcome>(
    request: RunRequest,
    start: () => Run<Outcome> | Promise<Run<Outcome>>,
  ): Promise<RecordedRun<Outcome>> {
    const id = this.folder.nextId(request.name);
    const cell = this.cell();
    const run = await start();
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
      }
    })();
    outcome.catch(() => {});
    return { recordingId: id, bytes: passed.tee(run.bytes, sink), outcome };
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
  private input: Transform | undefined;
  private done: Promise<void> | undefined;
  private readonly path: string;

  constructor(
    private readonly folder: CaseFolder,
    private readonly id: string,
  ) {
    this.path = join(folder.path, folder.payloadPath(id));
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (chunk.length === 0) return;
    this.bytes += chunk.length;
    this.input ??= this.open();
    if (!this.input.write(chunk)) {
      await Promise.race([new Promise((drained) => this.input?.once("drain", drained)), this.done]);
    }
  }

  async finish(): Promise<Payload | null> {
    if (this.input === undefined) return null;
    this.input.end();
    await this.done;
    await syncFile(this.path + unfinished);
    await rename(this.path + unfinished, this.path);
    return { path: this.folder.payloadPath(this.id), bytes: this.bytes, sha256: this.hash.digest("hex") };
  }

  async discard(): Promise<void> {
    this.input?.destroy();
    await this.done?.catch(() => {});
    await rm(this.path + unfinished, { force: true });
  }

  private open(): Transform {
    const gzip = createGzip({ level: zlib.Z_BEST_SPEED });
    const hash = this.hash;
    const hashed = new Transform({
      transform(chunk, _encoding, next) {
        hash.update(chunk);
        next(null, chunk);
      },
    });
    this.done = pipeline(gzip, hashed, createWriteStream(this.path + unfinished));
    this.done.catch(() => {});
    return gzip;
  }
}
