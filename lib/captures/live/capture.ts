import { open } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { openCase, type RecordedRun, recordedRun } from "../../cases/index.js";
import { ConcurrentTask } from "../../concurrent/index.js";
import { detachedNotes, type Host, localhost } from "../../hosts/index.js";
import { scratchFolder, writeWhole } from "../../tables/index.js";
import { Capture, fileProvenance } from "../capture.js";
import { type CaptureFacts, captureFactsOf } from "../facts.js";
import { captureFacts } from "../tshark.js";
import { type CaptureOptions, checkedOptions } from "./options.js";
import type { Ring } from "./ring.js";
import { type CaptureOutcome, captureOutcome, startCapture } from "./run.js";
import { askedAgain } from "./until.js";

/**
 * Captures packets on a host with dumpcap or tcpdump, whichever is there, as root, and brings them back while they come. It is
 * bounded by time, packets and bytes; nothing runs on the host afterwards, and nothing is written to its disks. Of a host over SSH, the packets
 * of that very connection are left out, as a note says: each would bring more of them.
 *
 * With `lastBytes` or `lastSeconds` it is a ring: the host keeps the last packets in memory, up to one and a half times `lastBytes` and no
 * more than half of what is available, in a file system that only the capture sees and that ends with it. They are brought when it ends.
 * A connection that breaks before loses them (`CONNECTION_LOST`).
 *
 * @returns the capture; packets that the host could not keep up with are in `provenance.lost`, of a ring over the whole time.
 * @throws SkbookError `BAD_FILTER`, `UNKNOWN_DEVICE`, `UNKNOWN_NAMESPACE`, `TOOL_MISSING`, `NO_PERMISSION`, `NO_ROOM`, `CAPTURE_FAILED`, `BAD_PARAMETER`,
 *   `FILE_EXISTS`, `WRITE_FAILED`, `DURING_FAILED`, `UNTIL_FAILED`, `TSHARK_MISSING` once the packets are here, `INTERRUPTED`, and the
 *   host's own; in a replay `NOT_RECORDED`.
 * @example
 * const fails = async () => (await host.exec(["ping", "-c1", "-W1", "192.0.2.7"])).exitCode !== 0;
 * const seen = await capture(host, { device: "eth0", lastBytes: 64e6, seconds: 3600, until: fails });
 */
export async function capture(host: Host, options: CaptureOptions): Promise<Capture> {
  const { saveAs, overwrite, during, until, ...asked } = checkedOptions(options);
  const { extent, ...bounds } = asked;
  const replaying = (await openCase())?.mode === "replay";
  const path = replaying ? null : saveAs === undefined ? sessionFile() : resolve(saveAs);
  const start = () =>
    recordedRun(
      { kind: "capture", name: "capture", host: host.name, params: given({ ...bounds, ...extent }) },
      captureOutcome,
      () => startCapture(host, { ...bounds, extent, during, until }),
    );
  const run =
    path === null
      ? await replayed(start, during, until)
      : await writeWhole(path, overwrite, (partial) => saved(start, partial));
  const outcome = await run.outcome;
  const facts = await recordedFacts(path, outcome.sha256);
  const name =
    saveAs === undefined ? `${[bounds.device].flat().join("+")}.${facts.fileType}` : basename(saveAs);
  const cut = outcome.stoppedBy === "packets" || outcome.stoppedBy === "bytes";
  const early = earlyEnd(outcome) ?? missingPart(outcome, facts.packets);
  const dropped = "lastBytes" in extent ? (outcome.captured ?? facts.packets) - facts.packets : 0;
  return new Capture(name, path, outcome.sha256, facts, {
    ...fileProvenance(name, facts, run.recordingId),
    source: "capture",
    host: host.name,
    startedAt: outcome.startedAt,
    endedAt: outcome.endedAt,
    lost: outcome.lost,
    truncated: cut || dropped > 0,
    partial: facts.partial || early !== null,
    notes: [
      ...detachedNotes(host.name, { ...outcome, connectionLost: outcome.stoppedBy === "connection" }),
      ...(early === null ? [] : [`The capture is not whole: ${early}`]),
      ...("lastBytes" in extent ? ringNotes(extent, facts, dropped) : []),
      ...(outcome.leftOut == null
        ? []
        : [
            `Packets of skbook's own SSH connection (${outcome.leftOut}) are left out: they bring the others.`,
          ]),
    ],
    details: {
      command: outcome.command,
      device: bounds.device,
      captureFilter: bounds.filter,
      packets: facts.packets,
      stoppedBy: outcome.stoppedBy,
      detached: outcome.detached,
    },
  });
}

/** What runs meanwhile may ask for recordings of its own. */
async function replayed<R extends RecordedRun<CaptureOutcome>>(
  start: () => Promise<R>,
  during: (() => unknown) | undefined,
  until: (() => unknown) | undefined,
): Promise<R> {
  const run = await start();
  const { timesAsked } = await run.outcome;
  const quiet = { settleMs: 0, stop: () => {} };
  const tasks = [
    new ConcurrentTask("capture", during, quiet),
    new ConcurrentTask("capture", until && (() => askedAgain(until, timesAsked)), quiet, "until"),
  ];
  for (const task of tasks) task.begin();
  for (const task of tasks) await task.over();
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
function earlyEnd({ stoppedBy, tool, exitCode, stderr }: CaptureOutcome): string | null {
  if (stoppedBy === "connection") return "the connection broke";
  if (stoppedBy === "lease") return "the notebook's process was too busy to renew the lease for 4 s";
  if (stoppedBy !== "tool") return null;
  const why = exitCode === 0 ? ", as where somebody on the host ends it" : ` with ${exitCode}`;
  return `${tool} ended by itself${why}: ${stderr.trim() || "it said nothing"}`;
}

/** What is missing of a capture that ended as it was meant to, or null. */
function missingPart({ tool, exitCode, brought, captured }: CaptureOutcome, packets: number): string | null {
  if (brought === false) return "not all that the ring had kept was brought";
  if (exitCode !== 0)
    return `${tool} had to be ended (${exitCode}): what it had not written by then is missing`;
  // A ring took more than it kept.
  if (brought !== null || captured === null || captured <= packets) return null;
  return `${tool} took ${captured} packets, of which ${packets} arrived`;
}

async function recordedFacts(path: string | null, sha256: string): Promise<CaptureFacts> {
  const run = await recordedRun(
    { kind: "tshark", name: "capinfos", host: "localhost", params: { capture: sha256 } },
    captureFactsOf,
    () => ({ bytes: nothing(), outcome: captureFacts(localhost(), path as string) }),
  );
  run.outcome.catch(() => {});
  for await (const _ of run.bytes);
  return run.outcome;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function ringNotes(
  { lastSeconds }: Ring,
  { packets, durationSeconds }: CaptureFacts,
  dropped: number,
): string[] {
  if (dropped === 0) return [];
  const count = (value: number) => value.toLocaleString("en-US");
  const short = lastSeconds !== undefined && (durationSeconds ?? 0) < lastSeconds;
  const fits = short ? ` More than ${durationSeconds} s of them don't fit into lastBytes.` : "";
  return [`Only the last ${count(packets)} packets are here, of ${count(packets + dropped)}.${fits}`];
}

/** What a request holds of it. */
function given<V>(options: { [name: string]: V | undefined }): { [name: string]: V } {
  return Object.fromEntries(
    Object.entries(options).filter((option): option is [string, V] => option[1] !== undefined),
  );
}
