import { createHash } from "node:crypto";
import { open, readFile, stat, truncate } from "node:fs/promises";
import { reasonOf, SkbookError } from "../errors/index.js";
import type { RunRequest } from "./request.js";

/** One finished run, as a line of `journal.log`. */
export interface JournalEntry {
  /** Unique in the case, in the order in which the runs were started: `0003-drop-summary`. */
  id: string;
  request: RunRequest;
  /** The notebook's cell that asked, and which of its executions; null outside a notebook. */
  cell: { id: string; execution: string } | null;
  outcome: unknown;
  /** null when the run produced no bytes. */
  payload: Payload | null;
}

export interface Payload {
  /** Path in the case, gzip-compressed. */
  path: string;
  /** Before compression. */
  bytes: number;
  /** Of the file as it lies in the case. */
  sha256: string;
}

export const journalFile = "journal.log";

export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/**
 * The append-only list of a case. Every line carries the hash of itself chained to the line before, the first one to
 * the manifest, so that a changed byte anywhere is seen; a last line without its newline was cut short and is dropped.
 */
export class Journal {
  private constructor(
    private readonly path: string,
    readonly entries: JournalEntry[],
    /** The file ended in the middle of a line. */
    readonly cutShort: boolean,
    private chain: string,
    private size: number,
  ) {}

  static async read(path: string, manifest: Uint8Array): Promise<Journal> {
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "";
      throw error;
    });
    const end = text.lastIndexOf("\n") + 1;
    const entries: JournalEntry[] = [];
    let chain = sha256(manifest);
    for (const [index, line] of text.slice(0, end).split("\n").slice(0, -1).entries()) {
      const entry = readLine(line, chain);
      if (entry === undefined) throw damaged(path, index + 1);
      chain = sha256(chain + line.slice(65));
      entries.push(entry);
    }
    return new Journal(path, entries, end < text.length, chain, Buffer.byteLength(text.slice(0, end)));
  }

  /** Appends an entry and returns when it is on the disk. */
  async append(entry: JournalEntry): Promise<void> {
    const found = await stat(this.path).then(
      (file) => file.size,
      () => 0,
    );
    if (found < this.size || (found > this.size && !this.cutShort)) {
      throw new SkbookError({
        code: "CASE_BUSY",
        tried: `append ${entry.id} to ${this.path}`,
        failed: "the journal changed behind this process: something else records into the same case",
        todo: "record every notebook into a folder of its own",
      });
    }
    if (found > this.size) await truncate(this.path, this.size);
    const json = JSON.stringify(entry);
    const chain = sha256(this.chain + json);
    const line = `${chain} ${json}\n`;
    await this.write(line).catch(async (error) => {
      // Half a line would look like another recorder's work.
      await truncate(this.path, this.size).catch(() => {});
      throw writeFailed(this.path, error);
    });
    this.chain = chain;
    this.size += Buffer.byteLength(line);
    this.entries.push(entry);
  }

  private async write(line: string): Promise<void> {
    const file = await open(this.path, "a");
    try {
      await file.writeFile(line);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

/** What a full disk or a missing permission becomes. */
export function writeFailed(path: string, error: unknown): SkbookError {
  return new SkbookError({
    code: "CASE_WRITE_FAILED",
    tried: `write ${path}`,
    failed: reasonOf(error),
    todo: "make room or give another folder; what was recorded before is intact",
    cause: error,
  });
}

function readLine(line: string, chain: string): JournalEntry | undefined {
  const json = line.slice(65);
  if (line[64] !== " " || sha256(chain + json) !== line.slice(0, 64)) return undefined;
  return JSON.parse(json) as JournalEntry;
}

function damaged(path: string, line: number): SkbookError {
  return new SkbookError({
    code: "CASE_DAMAGED",
    tried: `read line ${line} of ${path}`,
    failed: "its hash does not fit: the case was changed after it was recorded",
    todo: "get the case again from where it was recorded; a damaged case is never replayed",
    details: { path, line },
  });
}
