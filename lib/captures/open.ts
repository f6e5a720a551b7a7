import { createReadStream } from "node:fs";
import { basename, resolve } from "node:path";
import { openCase, type Run, recordedRun } from "../cases/index.js";
import { SkbookError } from "../errors/index.js";
import { type Host, localhost } from "../hosts/index.js";
import { answerOf } from "./answer.js";
import { Capture, fileProvenance } from "./capture.js";
import { type CaptureFacts, recordedFile } from "./facts.js";
import { Hashed } from "./hashed.js";
import { rememberIdentity } from "./identity.js";
import { localFacts } from "./kept-facts.js";
import { checkLocalFile, checkRemoteFile } from "./readable.js";
import { captureFacts } from "./tshark.js";

/** A capture file on a host. */
export interface RemoteFile {
  host: Host;
  path: string;
}

/** What a case keeps of a file that was opened. */
interface FileOutcome {
  sha256: string | null;
  facts: CaptureFacts;
}

/**
 * Opens a capture file: pcap or pcapng, plain or compressed with gzip. One on another host stays there: tshark runs on that host, under the
 * lease of every remote command, and what it prints travels compressed; `capture.fetch()` brings the file itself. While a case is
 * recorded, a file of this machine goes into the case; a replay needs neither the file nor the host nor tshark.
 *
 * @param file its path on this machine, or `{host, path}`.
 * @returns the capture, with its facts. A damaged or cut file opens when packets can be read, with `facts.partial` set.
 * @throws SkbookError `FILE_NOT_FOUND`, `NO_PERMISSION`, `NOT_A_FILE`, `NOT_A_CAPTURE`, `LINK_TYPE_UNKNOWN`, `TSHARK_MISSING`, `INTERRUPTED`; of a file on another
 *   host the host's own, and `HASH_FAILED` while a case is recorded; in a replay `NOT_RECORDED`.
 * @example await openCapture({ host: await connect("root@192.0.2.10"), path: "/var/tmp/uplink.pcap" })
 */
export async function openCapture(file: string | RemoteFile): Promise<Capture> {
  const { host, path } = typeof file === "string" ? { host: localhost(), path: file } : file;
  const name = basename(path);
  const mode = (await openCase())?.mode;
  const run = await recordedRun(
    { kind: "file", name, host: host.name, params: { path } },
    recordedFile,
    () =>
      host === localhost() ? readFile(path, mode === "record") : readRemote(host, path, mode === "record"),
  );
  // Only the recorder needs the bytes.
  if (mode === "record") for await (const _ of run.bytes);
  const { sha256, facts } = await run.outcome;
  const place = mode === "replay" ? null : host === localhost() ? resolve(path) : path;
  const provenance = { ...fileProvenance(name, facts, run.recordingId), host: remoteName(host) };
  const capture = new Capture(name, place, sha256, facts, provenance, host);
  if (place !== null) await rememberIdentity(capture);
  return capture;
}

function remoteName(host: Host): string | null {
  return host === localhost() ? null : host.name;
}

async function readFile(path: string, recorded: boolean): Promise<Run<FileOutcome>> {
  const file = resolve(path);
  await checkLocalFile(file);
  const facts = await localFacts(file);
  if (!recorded) return { bytes: nothing(), outcome: Promise.resolve({ sha256: null, facts }) };
  const bytes = new Hashed(createReadStream(file));
  return { bytes, outcome: bytes.sha256.then((sha256) => ({ sha256, facts })) };
}

/** A case says which file it was; the bytes stay on the host. */
async function readRemote(host: Host, path: string, recorded: boolean): Promise<Run<FileOutcome>> {
  await checkRemoteFile(host, path);
  const facts = await captureFacts(host, path);
  const sha256 = recorded ? await remoteHash(host, path) : null;
  return { bytes: nothing(), outcome: Promise.resolve({ sha256, facts }) };
}

async function remoteHash(host: Host, path: string): Promise<string> {
  const tried = `compute the SHA-256 of ${path} on ${host.name}`;
  const { text, stderr } = await answerOf(host, ["sha256sum", "--", path], tried, { deadlineSeconds: 3600 });
  const sha256 = text.replace(/^\\/, "").slice(0, 64);
  if (/^[0-9a-f]{64}$/.test(sha256)) return sha256;
  throw new SkbookError({
    code: "HASH_FAILED",
    tried,
    failed: stderr || "sha256sum gave no hash",
    todo: "a case names a capture by its hash: see that sha256sum (coreutils) runs there, or open the file without recording",
  });
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
