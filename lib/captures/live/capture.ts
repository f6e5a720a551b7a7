import { open } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { openCase, type RecordedRun, recordedRun } from "../../cases/index.js";
import { Company } from "../../company.js";
import { SkbookError } from "../../errors.js";
import { type Host, localhost } from "../../hosts/index.js";
import { scratchFolder, writeWhole } from "../../tables/index.js";
import { Capture, fileProvenance } from "../capture.js";
import type { CaptureFacts } from "../facts.js";
import { captureFacts } from "../tshark.js";
import { type CaptureOutcome, startCapture } from "./run.js";

/** What {@link capture} is asked for. */
export interface CaptureOptions {
  /** Network device on the host, or `any`; several at once need dumpcap there, and each packet's `interface` tells them apart. */
  device: string | string[];
  /** Capture filter in tcpdump's syntax. Default: everything. */
  filter?: string;
  /** How long, in seconds; up to 2 s longer, until the last packets are there. Default 10. */
  seconds?: number;
  /** Ends it after so many packets. Default 1,000,000. */
  maxPackets?: number;
  /** Ends it when about so many bytes came. Default 256 MiB. */
  maxBytes?: number;
  /** Bytes kept of each packet. Default 262,144: all. */
  snapLength?: number;
  /** Where to keep the file. Default: a temporary file that goes with the session. */
  saveAs?: string;
  /** Replace a file that is there. Default false. */
  overwrite?: boolean;
  /** Called once the capture listens, which ends when this is over: say, the traffic to be captured. Called in a replay too. */
  during?: () => unknown;
}

const Options = z.strictObject({
  device: z.union([z.string().min(1), z.array(z.string().min(1)).nonempty()]),
  filter: z.string().default(""),
  seconds: z.number().positive().max(86_400).default(10),
  maxPackets: z
    .int()
    .positive()
    .max(2 ** 31 - 1)
    .default(1_000_000),
  maxBytes: z
    .int()
    .positive()
    .default(256 * 2 ** 20),
  snapLength: z.int().min(64).max(262_144).default(262_144),
  saveAs: z.string().min(1).optional(),
  overwrite: z.boolean().default(false),
  during: z.custom<() => unknown>((value) => typeof value === "function").optional(),
});

/**
 * Captures packets on a host with dumpcap or tcpdump, whichever is there, as root, and brings them back while they come. It is
 * bounded by time, packets and bytes; nothing runs on the host afterwards.
 *
 * @returns the capture; packets that the host could not keep up with are in `provenance.lost`.
 * @throws SkbookError `BAD_FILTER`, `UNKNOWN_DEVICE`, `TOOL_MISSING`, `NO_PERMISSION`, `CAPTURE_FAILED`, `BAD_PARAMETER`,
 *   `FILE_EXISTS`, `WRITE_FAILED`, `DURING_FAILED`, `INTERRUPTED`, and the host's own.
 */
export async function capture(host: Host, options: CaptureOptions): Promise<Capture> {
  const { saveAs, overwrite, during, ...bounds } = checkedOptions(options);
  const replaying = (await openCase())?.mode === "replay";
  const path = replaying ? null : saveAs === undefined ? sessionFile() : resolve(saveAs);
  const start = () =>
    recordedRun<CaptureOutcome>({ kind: "capture", name: "capture", host: host.name, params: bounds }, () =>
      startCapture(host, { ...bounds, during }),
    );
  const run =
    path === null
      ? await replayed(start, during)
      : await writeWhole(path, overwrite, (partial) => saved(start, partial));
  const outcome = await run.outcome;
  const facts = await recordedFacts(path, outcome.sha256);
  const name =
    saveAs === undefined ? `${[bounds.device].flat().join("+")}.${facts.fileType}` : basename(saveAs);
  const cut = outcome.stoppedBy === "packets" || outcome.stoppedBy === "bytes";
  const early = earlyEnd(outcome);
  return new Capture(name, path, outcome.sha256, facts, {
    ...fileProvenance(name, facts, run.recordingId),
    source: "capture",
    host: host.name,
    startedAt: outcome.startedAt,
    endedAt: outcome.endedAt,
    lost: outcome.lost,
    truncated: cut,
    partial: facts.partial || early !== null,
    notes: early === null ? [] : [`The capture ended before its time: ${early}`],
    details: {
      command: outcome.command,
      packets: facts.packets,
      stoppedBy: outcome.stoppedBy,
      detached: outcome.detached,
    },
  });
}

/** What runs meanwhile may ask for recordings of its own. */
async function replayed<R>(start: () => Promise<R>, during: (() => unknown) | undefined): Promise<R> {
  const run = await start();
  const company = new Company("capture", during, { settleMs: 0, stop: () => {} });
  company.begin();
  await company.over();
  return run;
}

/** Starts a run only once there is a file to write to, and waits for its good end. */
async function saved<R extends RecordedRun<CaptureOutcome>>(
  start: () => Promise<R>,
  path: string,
): Promise<R> {
  const file = await open(path, "wx", 0o600);
  try {
    const run = await start();
    run.outcome.catch(() => {});
    await pipeline(run.bytes, file.createWriteStream());
    await run.outcome;
    return run;
  } finally {
    await file.close();
  }
}

let captured = 0;

function sessionFile(): string {
  captured += 1;
  return join(scratchFolder(), `capture-${captured}.pcap`);
}

/** Why the capture ended before it was meant to, or null. */
function earlyEnd({ stoppedBy, stderr }: CaptureOutcome): string | null {
  if (stoppedBy === "connection") return "the connection broke";
  if (stoppedBy === "lease") return "the notebook's process was too busy to renew the lease for 4 s";
  return stoppedBy === "tool" ? stderr.trim() : null;
}

async function recordedFacts(path: string | null, sha256: string): Promise<CaptureFacts> {
  const run = await recordedRun<CaptureFacts>(
    { kind: "tshark", name: "capinfos", host: "localhost", params: { capture: sha256 } },
    () => ({ bytes: nothing(), outcome: captureFacts(localhost(), path as string) }),
  );
  run.outcome.catch(() => {});
  for await (const _ of run.bytes);
  return run.outcome;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function checkedOptions(options: CaptureOptions) {
  const parsed = Options.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new SkbookError({
    code: "BAD_PARAMETER",
    tried: "capture",
    failed: z.prettifyError(parsed.error),
    todo: "correct the options; Shift-Tab on `capture` shows them",
  });
}
