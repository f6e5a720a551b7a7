import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createGunzip } from "node:zlib";
import { z } from "zod";
import { reasonOf, SkbookError } from "../errors/index.js";
import { Journal, journalFile, type Payload, writeFailed } from "./journal.js";

export const manifestFile = "case.json";
const recordingsFolder = "recordings";
/** Ends the name of a payload whose run has not ended, or never will. */
export const unfinished = ".unfinished";

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
  ) {}

  /** Opens a case, or makes one where there is none yet. */
  static async openOrCreate(path: string): Promise<CaseFolder> {
    await mkdir(join(path, recordingsFolder), { recursive: true }).catch((error) => {
      throw writeFailed(path, error);
    });
    const manifest = { format: "skbook-case", version: 1, createdAt: new Date().toISOString() };
    await writeFile(join(path, manifestFile), `${JSON.stringify(manifest, null, 2)}\n`, { flag: "wx" }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw writeFailed(path, error);
      },
    );
    return CaseFolder.open(path);
  }

  static async open(path: string): Promise<CaseFolder> {
    const manifest = await readManifest(path);
    const journal = await Journal.read(join(path, journalFile), manifest);
    const files = await readdir(join(path, recordingsFolder)).catch(() => []);
    const numbers = [...files, ...journal.entries.map((entry) => entry.id)].map(
      (name) => Number.parseInt(name, 10) || 0,
    );
    return new CaseFolder(path, journal, Math.max(0, ...numbers));
  }

  /** Names the next run. */
  nextId(name: string): string {
    this.started += 1;
    return `${String(this.started).padStart(4, "0")}-${name.replace(/[^a-zA-Z0-9]+/g, "-").toLowerCase()}`;
  }

  payloadPath(id: string): string {
    return join(recordingsFolder, `${id}.gz`);
  }

  /** The bytes of a payload, after the whole file was seen to be the one that was recorded. */
  async *read(payload: Payload | null): AsyncGenerator<Uint8Array> {
    if (payload === null) return;
    await this.check(payload);
    yield* createReadStream(join(this.path, payload.path)).pipe(createGunzip());
  }

  /** Fails with CASE_DAMAGED unless the file is byte for byte what was recorded. */
  async check(payload: Payload): Promise<void> {
    const path = join(this.path, payload.path);
    const hash = createHash("sha256");
    try {
      for await (const chunk of createReadStream(path)) hash.update(chunk);
    } catch (error) {
      throw damagedPayload(path, reasonOf(error));
    }
    if (hash.digest("hex") !== payload.sha256) throw damagedPayload(path, "its hash is not the recorded one");
  }

  /** Files that no line of the journal speaks of: of runs that never ended, or of lines that were lost. */
  async unnamed(): Promise<string[]> {
    const files = await readdir(join(this.path, recordingsFolder)).catch(() => []);
    const named = new Set(this.journal.entries.map((entry) => entry.payload?.path));
    return files.filter((name) => !named.has(join(recordingsFolder, name))).sort();
  }
}

async function readManifest(path: string): Promise<Uint8Array> {
  const file = join(path, manifestFile);
  const bytes = await readFile(file).catch((error) => {
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

/** The error of a path that is no case. */
export function notACase(path: string, failed: string): SkbookError {
  return new SkbookError({
    code: "NOT_A_CASE",
    tried: `open the case ${path}`,
    failed,
    todo: `give the folder that a run was recorded into (it holds ${manifestFile}), and a version of skbook that knows its format`,
  });
}

function damagedPayload(path: string, failed: string): SkbookError {
  return new SkbookError({
    code: "CASE_DAMAGED",
    tried: `read the recording ${path}`,
    failed,
    todo: "get the case again from where it was recorded; a damaged recording is never replayed",
    details: { path },
  });
}

/** Makes what was written to a file survive a crash. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
