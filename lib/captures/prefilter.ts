import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { openCase, type Run, recordedRun } from "../cases/index.js";
import { SkbookError, writeFailure } from "../errors/index.js";
import { localhost } from "../hosts/index.js";
import { scratchFolder } from "../tables/index.js";
import { checkEnd } from "./answer.js";
import { Capture } from "./capture.js";
import { type CaptureFacts, recordedFile } from "./facts.js";
import { Hashed } from "./hashed.js";
import { captureFacts } from "./tshark.js";

interface Outcome {
  sha256: string | null;
  facts: CaptureFacts;
}

/** Reading a very big file takes minutes. */
const deadlineSeconds = 3600;

const made = new WeakMap<Capture, Map<string, Promise<Capture>>>();
let files = 0;

/** The packets of a capture that a filter of tcpdump lets through, as a capture of its own; asked again, the same one. */
export function prefiltered(capture: Capture, bpf: string): Promise<Capture> {
  const captures = made.get(capture) ?? new Map<string, Promise<Capture>>();
  made.set(capture, captures);
  const known = captures.get(bpf);
  if (known !== undefined) return known;
  const subset = cut(capture, bpf);
  captures.set(bpf, subset);
  subset.catch(() => captures.delete(bpf));
  return subset;
}

async function cut(capture: Capture, bpf: string): Promise<Capture> {
  const { name, provenance } = capture;
  const mode = (await openCase())?.mode;
  files += 1;
  const path = mode === "replay" ? null : join(scratchFolder(), `prefiltered-${files}.pcap`);
  const params = { capture: capture.sha256, bpf };
  const run = await recordedRun({ kind: "file", name, host: capture.host.name, params }, recordedFile, () =>
    copyMatching(capture, bpf, path as string, mode === "record"),
  );
  if (mode === "record") for await (const _ of run.bytes);
  const { sha256, facts } = await run.outcome;
  return new Capture(name, path, sha256, facts, {
    ...provenance,
    recordingId: run.recordingId,
    details: { ...provenance.details, bpf },
  });
}

async function copyMatching(
  capture: Capture,
  bpf: string,
  path: string,
  recorded: boolean,
): Promise<Run<Outcome>> {
  const tried = `cut ${capture.name} down with the filter ${bpf}`;
  const execution = capture.host.start(
    ["tcpdump", "-n", "--nano", "-r", capture.path as string, "-w", "-", "--", bpf],
    {
      deadlineSeconds,
    },
  );
  try {
    await pipeline(execution, createWriteStream(path, { mode: 0o600 })).catch((error) => {
      if (error instanceof SkbookError) throw error;
      const todo = "set TMPDIR to a folder that can be written to, with room for the packets";
      throw writeFailure({ code: "WRITE_FAILED", path, todo }, error);
    });
    const ended = await execution.ended;
    checkEnd(ended, tried);
    const { exitCode, stderr } = ended;
    // A damaged end stops tcpdump after the packets before it.
    const stopped = capture.facts.partial && /truncated|bogus|bad dump/i.test(stderr);
    if (exitCode !== 0 && !stopped) throw refused(tried, exitCode, stderr);
    const facts = { ...(await captureFacts(localhost(), path)), partial: capture.facts.partial };
    if (!recorded) return { bytes: nothing(), outcome: Promise.resolve({ sha256: null, facts }) };
    const bytes = new Hashed(createReadStream(path));
    return { bytes, outcome: bytes.sha256.then((sha256) => ({ sha256, facts })) };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function refused(tried: string, exitCode: number | null, stderr: string): SkbookError {
  const failed =
    stderr.split("\n").findLast((line) => line.startsWith("tcpdump: ")) ??
    `tcpdump ended with ${exitCode}: ${stderr.trim()}`;
  if (exitCode === 127) {
    return new SkbookError({
      code: "TOOL_MISSING",
      tried,
      failed,
      todo: "install tcpdump, or choose with ip, port, proto or filter",
    });
  }
  if (/permission denied|not permitted/i.test(failed)) {
    return new SkbookError({
      code: "NO_PERMISSION",
      tried,
      failed,
      todo: "tcpdump may read less than its user (AppArmor's profile, dropped privileges): move the file to a folder that it may read, or choose with ip, port, proto or filter",
    });
  }
  if (/file format|link-layer|interface/i.test(failed)) {
    return new SkbookError({
      code: "BPF_IMPOSSIBLE",
      tried,
      failed,
      todo: "tcpdump can't read this kind of file (gzip, several link types): choose with ip, port, proto or filter instead",
    });
  }
  return new SkbookError({
    code: "BAD_FILTER",
    tried,
    failed,
    todo: "correct the filter (tcpdump's syntax: host 192.0.2.1 and port 443)",
  });
}
