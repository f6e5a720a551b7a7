import { createWriteStream } from "node:fs";
import { basename, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { openCase, type Run, recordedRun } from "../cases/index.js";
import { SkbookError } from "../errors/index.js";
import { scratchFolder, writeWhole } from "../tables/index.js";
import { checkEnd } from "./answer.js";
import type { CaptureFile } from "./file.js";
import { unzipped } from "./gunzip.js";
import { Hashed } from "./hashed.js";
import { checkUnchanged } from "./identity.js";

const deadlineSeconds = 24 * 3600;

interface FetchOutcome {
  sha256: string;
  bytes: number;
}

const fetchOutcome: z.ZodType<FetchOutcome> = z.looseObject({ sha256: z.string(), bytes: z.number() });

let fetched = 0;

/** The copy that a file was fetched into; `path` is null in a replay. */
type Fetched = Pick<CaptureFile, "name" | "path" | "sha256"> & { recordingId: string | null };

/** Brings a file to this machine, compressed on its way. */
export async function fetchFile(
  capture: CaptureFile,
  options: { saveAs?: string; overwrite?: boolean },
): Promise<Fetched> {
  const { host } = capture;
  const replaying = (await openCase())?.mode === "replay";
  const path = replaying ? null : options.saveAs === undefined ? sessionFile() : resolve(options.saveAs);
  const request = {
    kind: "file" as const,
    name: `fetch ${capture.name}`,
    host: host.name,
    params: { capture: capture.sha256 },
  };
  const run =
    path === null
      ? await recordedRun(request, fetchOutcome, () => start(capture))
      : await writeWhole(path, options.overwrite ?? false, async (partial) => {
          const begun = await recordedRun(request, fetchOutcome, () => start(capture));
          await pipeline(begun.bytes, createWriteStream(partial, { flags: "wx", mode: 0o600 }));
          await begun.outcome;
          return begun;
        });
  const { sha256 } = await run.outcome;
  const name = path === null || options.saveAs === undefined ? capture.name : basename(path);
  return { name, path, sha256, recordingId: run.recordingId };
}

function sessionFile(): string {
  fetched += 1;
  return join(scratchFolder(), `fetched-${fetched}`);
}

async function start(capture: CaptureFile): Promise<Run<FetchOutcome>> {
  const { host, path, facts } = capture;
  await checkUnchanged(capture);
  const execution = host.start(["gzip", "-1", "-c", "--", path as string], { deadlineSeconds });
  const tried = `fetch ${path} from ${host.name}`;
  const ended = execution.ended.then((end) => {
    checkEnd(end, tried);
    const { exitCode, stderr } = end;
    if (exitCode !== 0) throw failed("FETCH_FAILED", tried, stderr.trim() || `gzip ended with ${exitCode}`);
  });
  ended.catch(() => {});
  const changed = (bytes: number) =>
    failed("FILE_CHANGED", tried, `${bytes} bytes came of ${facts.fileBytes}`);
  const counted = new Counted(unzipped(execution, ended), facts.fileBytes, changed);
  const bytes = new Hashed(counted);
  const outcome = (async () => {
    await ended;
    const sha256 = await bytes.sha256;
    if (counted.bytes !== facts.fileBytes) throw changed(counted.bytes);
    return { sha256, bytes: counted.bytes };
  })();
  return { bytes, outcome };
}

/** Ends with an error when more comes than there is to come: what is compressed may have no end. */
class Counted implements AsyncIterable<Uint8Array> {
  bytes = 0;

  constructor(
    private readonly source: AsyncIterable<Uint8Array>,
    private readonly atMost: number,
    private readonly tooMany: (bytes: number) => Error,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.source) {
      this.bytes += chunk.length;
      if (this.bytes > this.atMost) throw this.tooMany(this.bytes);
      yield chunk;
    }
  }
}

function failed(code: string, tried: string, reason: string): SkbookError {
  return new SkbookError({
    code,
    tried,
    failed: reason,
    todo: "see whether the file is still there and complete, then run the cell again",
  });
}
