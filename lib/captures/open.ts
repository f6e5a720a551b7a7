import { constants, createReadStream } from "node:fs";
import { access, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { openCase, type Run, recordedRun } from "../cases/index.js";
import { reasonOf, SkbookError } from "../errors.js";
import { localhost } from "../hosts/index.js";
import { Capture, fileProvenance } from "./capture.js";
import type { CaptureFacts } from "./facts.js";
import { Hashed } from "./hashed.js";
import { captureFacts } from "./tshark.js";

interface FileOutcome {
  sha256: string | null;
  facts: CaptureFacts;
}

/**
 * Opens a capture file of this machine: pcap or pcapng, plain or compressed with gzip. While a case is recorded, the
 * file goes into the case; a replay needs neither the file nor tshark.
 *
 * @param path the file.
 * @returns the capture, with its facts. A damaged or cut file opens when packets can be read, with `facts.partial` set.
 * @throws SkbookError `FILE_NOT_FOUND`, `NO_PERMISSION`, `NOT_A_FILE`, `NOT_A_CAPTURE`, `TSHARK_MISSING`, `NOT_RECORDED`.
 */
export async function openCapture(path: string): Promise<Capture> {
  const name = basename(path);
  const mode = (await openCase())?.mode;
  const run = await recordedRun<FileOutcome>(
    { kind: "file", name, host: "localhost", params: { path } },
    () => readFile(path, mode === "record"),
  );
  // Only the recorder needs the bytes.
  if (mode === "record") for await (const _ of run.bytes);
  const { sha256, facts } = await run.outcome;
  const place = mode === "replay" ? null : resolve(path);
  return new Capture(name, place, sha256, facts, fileProvenance(name, facts, run.recordingId));
}

async function readFile(path: string, recorded: boolean): Promise<Run<FileOutcome>> {
  const file = resolve(path);
  await checkFile(file);
  const facts = await captureFacts(localhost(), file);
  if (!recorded) return { bytes: nothing(), outcome: Promise.resolve({ sha256: null, facts }) };
  const bytes = new Hashed(createReadStream(file));
  return { bytes, outcome: bytes.sha256.then((sha256) => ({ sha256, facts })) };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function checkFile(file: string): Promise<void> {
  const tried = `open ${file}`;
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    const code = error.code === "EACCES" ? "NO_PERMISSION" : "FILE_NOT_FOUND";
    throw new SkbookError({ code, tried, failed: reasonOf(error), todo: "check the path", cause: error });
  });
  if (!found.isFile()) {
    throw new SkbookError({
      code: "NOT_A_FILE",
      tried,
      failed: found.isDirectory() ? "it is a folder" : "it is a device, a pipe or a socket",
      todo: "give a capture file; capture() captures from a device",
    });
  }
  await access(file, constants.R_OK).catch((error) => {
    throw new SkbookError({
      code: "NO_PERMISSION",
      tried,
      failed: reasonOf(error),
      todo: "make the file readable for the user that runs the notebook",
      cause: error,
    });
  });
}
