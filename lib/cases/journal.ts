import { createHash } from "node:crypto";
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { reasonOf, SkbookError } from "../errors/index.js";
import { inFolder, openFile } from "./beneath.js";
import { type JournalEntry, Recording } from "./entry.js";
import { caseWriteFailed, damagedCase } from "./errors.js";

export const journalFile = "journal.log";
/** All of it is in memory: some 30,000 runs. */
const maxBytes = 64 * 2 ** 20;
/** Parsed, it may take some ten times as much. A command's stderr, escaped, is the most that stands there. */
const maxLineBytes = 16 * 2 ** 20;
const hashLength = 64;
const newline = 10;
const { O_APPEND, O_CREAT, O_RDONLY, O_RDWR } = constants;

/**
 * The append-only list of a case. Every line carries the hash of itself chained to the line before, the first one to
 * the manifest, so that a changed byte anywhere is seen; a last line without its newline was cut short and is dropped.
 */
export class Journal {
  private constructor(
    /** Of the case. */
    private readonly folder: string,
    readonly recordings: Recording[],
    /** The file ended in the middle of a line. */
    readonly cutShort: boolean,
    private chain: string,
    private size: number,
  ) {}

  static async read(folder: string, manifest: Uint8Array): Promise<Journal> {
    const bytes = await readJournal(folder);
    const end = bytes.lastIndexOf(newline) + 1;
    const recordings = new Map<string, Recording>();
    let chain = sha256(manifest);
    for (let start = 0; start < end; ) {
      const stop = bytes.indexOf(newline, start);
      const line = bytes.subarray(start, stop);
      const json = line.subarray(hashLength + 1);
      chain = sha256(chain, json);
      const whole = line.subarray(0, hashLength + 1).toString("latin1") === `${chain} `;
      const recording = whole
        ? readLine(json, recordings)
        : "its hash does not fit: it was changed after it was recorded";
      if (typeof recording === "string")
        throw damagedCase(`${folder}/${journalFile}`, recording, recordings.size + 1);
      recordings.set(recording.id, recording);
      start = stop + 1;
    }
    return new Journal(folder, [...recordings.values()], end < bytes.length, chain, end);
  }

  /** Appends an entry and returns when it is on the disk. */
  async append(entry: JournalEntry): Promise<void> {
    const json = Buffer.from(JSON.stringify(entry));
    const chain = sha256(this.chain, json);
    const line = Buffer.concat([Buffer.from(`${chain} `), json, Buffer.from([newline])]);
    if (this.size + line.length > maxBytes || line.length > maxLineBytes) throw full(this.folder, entry.id);
    await inFolder(this.folder, async (folder) => {
      const file = await openFile(folder, journalFile, O_RDWR | O_APPEND | O_CREAT);
      try {
        await this.checkUnchanged(file, entry.id);
        await this.write(file, line);
      } finally {
        await file.close();
      }
    }).catch((error) => {
      throw error instanceof SkbookError ? error : caseWriteFailed(`${this.folder}/${journalFile}`, error);
    });
    this.chain = chain;
    this.size += line.length;
    this.recordings.push(Recording.of(json));
  }

  /** Only a line that was cut short may stand behind what was read. */
  private async checkUnchanged(file: FileHandle, id: string): Promise<void> {
    const { size, nlink } = await file.stat();
    if (nlink > 1)
      throw busy(this.folder, id, "it has a second name (a hard link), whose content would change with it");
    if (size < this.size || (size > this.size && !this.cutShort))
      throw busy(
        this.folder,
        id,
        "it changed behind this process: something else records into the same case",
      );
    if (size > this.size) await file.truncate(this.size);
  }

  private async write(file: FileHandle, line: Uint8Array): Promise<void> {
    try {
      await file.appendFile(line);
      await file.sync();
    } catch (error) {
      // Half a line would look like another recorder's work.
      await file.truncate(this.size).catch(() => {});
      throw error;
    }
  }
}

async function readJournal(path: string): Promise<Buffer> {
  try {
    return await inFolder(path, async (folder) => {
      const file = await openFile(folder, journalFile, O_RDONLY);
      try {
        const { size } = await file.stat();
        if (size > maxBytes) throw new Error(`it has ${size} bytes; a journal has ${maxBytes} at most`);
        return await file.readFile();
      } finally {
        await file.close();
      }
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return Buffer.alloc(0);
    throw damagedCase(`${path}/${journalFile}`, reasonOf(error));
  }
}

/** The recording of a line, or what is wrong with it. */
function readLine(json: Uint8Array, before: ReadonlyMap<string, Recording>): Recording | string {
  if (json.length > maxLineBytes) return `it has ${json.length} bytes; a line has ${maxLineBytes} at most`;
  try {
    const recording = Recording.of(json);
    return before.has(recording.id) ? `${recording.id} stands there twice` : recording;
  } catch (error) {
    return reasonOf(error);
  }
}

function sha256(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

function busy(folder: string, id: string, failed: string): SkbookError {
  return new SkbookError({
    code: "CASE_BUSY",
    tried: `append ${id} to ${folder}/${journalFile}`,
    failed,
    todo: "record every notebook into a folder of its own",
  });
}

function full(folder: string, id: string): SkbookError {
  return new SkbookError({
    code: "CASE_FULL",
    tried: `append ${id} to ${folder}/${journalFile}`,
    failed: `a journal has ${maxBytes} bytes at most, and a line ${maxLineBytes}`,
    todo: "record into another folder; what was recorded before is intact",
  });
}
