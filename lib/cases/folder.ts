import { createHash, randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { callSignal, interrupted } from "../cell/index.js";
import { reasonOf, SkbookError } from "../errors/index.js";
import { chunksOf, inFolder, inSubfolder, openFile } from "./beneath.js";
import { numberOf, type Payload, payloadPath, recordingsFolder } from "./entry.js";
import { caseWriteFailed, damagedCase, notACase } from "./errors.js";
import { gunzipped } from "./gunzipped.js";
import { Journal } from "./journal.js";
import { RecorderLock } from "./lock.js";

export const manifestFile = "case.json";
/** Ends the name of a payload whose run has not ended, or never will. */
export const unfinished = ".unfinished";
const maxManifestBytes = 64 * 2 ** 10;
/** Ids have no more digits. */
const maxNumber = 10 ** 12 - 1;
const { O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = constants;

const Manifest = z.object({
  format: z.literal("skbook-case"),
  version: z.literal(1),
  createdAt: z.string(),
});

/** A folder of recordings under one manifest. */
export class CaseFolder {
  private constructor(
    readonly path: string,
    readonly journal: Journal,
    private started: number,
    /** null where it is only read. */
    readonly lock: RecorderLock | null,
  ) {}

  /** Opens a case to record into it, or makes one where there is none yet. */
  static async openOrCreate(path: string): Promise<CaseFolder> {
    const failed = (error: unknown) => {
      throw error instanceof SkbookError ? error : caseWriteFailed(path, error);
    };
    await mkdir(path, { recursive: true, mode: 0o700 }).catch(failed);
    if ((await lstat(path)).isSymbolicLink())
      failed(new Error("it is a link: give the folder that it leads to"));
    const lock = await RecorderLock.take(path).catch(failed);
    try {
      await prepare(path).catch(failed);
      return await CaseFolder.open(path, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  static async open(path: string, lock: RecorderLock | null = null): Promise<CaseFolder> {
    const journal = await Journal.read(path, await readManifest(path));
    const files = await namesIn(path);
    const numbers = [...files, ...journal.recordings.map(({ id }) => id)].map((name) => numberOf(name) ?? 0);
    return new CaseFolder(
      path,
      journal,
      numbers.reduce((most, number) => Math.max(most, number), 0),
      lock,
    );
  }

  /** Names the next run. */
  nextId(name: string): string {
    if (this.started >= maxNumber)
      throw damagedCase(this.path, `a recording has the number ${this.started}, the last one`);
    this.started += 1;
    const words = name.replace(/[^a-zA-Z0-9]+/g, "-").toLowerCase();
    return `${String(this.started).padStart(4, "0")}-${words.slice(0, 60)}`;
  }

  /** Makes the file of a payload whose run is under way. */
  createPayload(id: string): Promise<FileHandle> {
    return this.inRecordings((folder) =>
      openFile(folder, `${id}.gz${unfinished}`, O_WRONLY | O_CREAT | O_EXCL),
    );
  }

  /** Gives a payload its name, once all of it is on the disk. */
  async finishPayload(id: string): Promise<void> {
    await this.inRecordings(async (folder) => {
      const target = join(folder, `${id}.gz`);
      if (await exists(target)) throw new Error(`there is a ${id}.gz that no run of this process made`);
      await rename(target + unfinished, target);
    });
  }

  async discardPayload(id: string): Promise<void> {
    await this.inRecordings((folder) => rm(join(folder, `${id}.gz${unfinished}`), { force: true }));
  }

  private async inRecordings<T>(work: (folder: string) => Promise<T>): Promise<T> {
    try {
      return await inSubfolder(this.path, recordingsFolder, work);
    } catch (error) {
      throw caseWriteFailed(join(this.path, recordingsFolder), error);
    }
  }

  /** The bytes of a payload, after the whole file was seen to be the one that was recorded. */
  async *read(payload: Payload | null): AsyncGenerator<Uint8Array> {
    if (payload === null) return;
    const file = await this.openPayload(payload);
    try {
      await this.checkHash(payload, file);
      yield* gunzipped(file, payload.bytes, (failed) => this.damaged(payload, failed));
    } finally {
      await file.close();
    }
  }

  /** Fails with CASE_DAMAGED unless the file is byte for byte what was recorded, and as long as that was. */
  async check(payload: Payload): Promise<void> {
    for await (const _ of this.read(payload)) this.checkSignal();
  }

  private async openPayload(payload: Payload): Promise<FileHandle> {
    const [, name = ""] = payload.path.split("/");
    return inSubfolder(this.path, recordingsFolder, (folder) => openFile(folder, name, O_RDONLY)).catch(
      (error) => {
        throw this.damaged(payload, reasonOf(error));
      },
    );
  }

  private async checkHash(payload: Payload, file: FileHandle): Promise<void> {
    const { size } = await file.stat();
    // What can't be compressed grows by less.
    if (size > payload.bytes * 1.01 + 1_024)
      throw this.damaged(payload, `it has ${size} bytes, more than ${payload.bytes} can become`);
    const hash = createHash("sha256");
    for await (const chunk of chunksOf(file)) {
      hash.update(chunk);
      this.checkSignal();
    }
    if (hash.digest("hex") !== payload.sha256)
      throw this.damaged(payload, "its hash is not the recorded one");
  }

  private damaged(payload: Payload, failed: string): SkbookError {
    return damagedCase(join(this.path, payload.path), failed);
  }

  private checkSignal(): void {
    if (callSignal()?.aborted) throw interrupted(`read the case ${this.path}`);
  }

  /** Files that no line of the journal speaks of: of runs that never ended, or of lines that were lost. */
  async unnamed(): Promise<string[]> {
    const named = new Set(
      this.journal.recordings.flatMap(({ id, payload }) => (payload === null ? [] : [payloadPath(id)])),
    );
    return (await namesIn(this.path)).filter((name) => !named.has(`${recordingsFolder}/${name}`)).sort();
  }
}

/** Makes what every case has, where it isn't there; all of it for its user only. */
async function prepare(path: string): Promise<void> {
  await inFolder(path, async (folder) => {
    await mkdir(join(folder, recordingsFolder), { mode: 0o700 }).catch((error) => {
      if (error.code !== "EEXIST") throw error;
    });
    if (await exists(join(folder, manifestFile))) return;
    const manifest = { format: "skbook-case", version: 1, createdAt: new Date().toISOString() };
    // Half a manifest would make the folder no case for ever.
    const partial = `${manifestFile}.${randomUUID()}`;
    const file = await openFile(folder, partial, O_WRONLY | O_CREAT | O_EXCL);
    try {
      await file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
      await file.sync();
      await rename(join(folder, partial), join(folder, manifestFile));
    } catch (error) {
      await rm(join(folder, partial), { force: true });
      throw error;
    } finally {
      await file.close();
    }
  });
  await inSubfolder(path, recordingsFolder, async () => {});
}

/** The folder of payloads may be missing: runs need not have any. */
async function namesIn(path: string): Promise<string[]> {
  try {
    return await inSubfolder(path, recordingsFolder, (folder) => readdir(folder));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw damagedCase(join(path, recordingsFolder), reasonOf(error));
  }
}

async function readManifest(path: string): Promise<Uint8Array> {
  const bytes = await inFolder(path, async (folder) => {
    const file = await openFile(folder, manifestFile, O_RDONLY);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(maxManifestBytes), 0, maxManifestBytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }).catch((error) => {
    throw notACase(path, reasonOf(error));
  });
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw notACase(path, `${manifestFile}: ${reasonOf(error)}`);
  }
  const manifest = Manifest.safeParse(json);
  if (!manifest.success) throw notACase(path, `${manifestFile}: ${z.prettifyError(manifest.error)}`);
  return bytes;
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
