import { z } from "zod";
import type { Run } from "../../cases/index.js";
import { interrupted } from "../../cell/index.js";
import { SkbookError } from "../../errors/index.js";
import {
  connectionText,
  type Detached,
  detached,
  type ExecEnd,
  type Host,
  inNamespace,
  ownConnection,
  withDetached,
} from "../../hosts/index.js";
import { watched } from "../../progress/index.js";
import { Hashed } from "../hashed.js";
import { Bounds, type Cause, causes } from "./bounds.js";
import { captureError, ringKilled, ringLost } from "./errors.js";
import { checkFilter, findTool, withoutOwn } from "./find-tool.js";
import { endRing, isBrought, ringCommand, ringFiles } from "./ring.js";
import type { RunOptions } from "./run-options.js";
import { captureTools } from "./tools.js";

/** How a capture ended, as a case keeps it. */
export interface CaptureOutcome {
  tool: string;
  command: string[];
  exitCode: number | null;
  stderr: string;
  lost: number | "unknown";
  /** Packets that the tool took; null where it doesn't say. */
  captured: number | null;
  /** `tool`: it gave up by itself, for the reason in `stderr`. */
  stoppedBy: Cause | "packets" | "connection" | "lease" | "tool";
  /** Of a ring: all that it kept came here; null of what streams, and cases from before it was kept have none. */
  brought?: boolean | null;
  /** How often `until` was asked. */
  timesAsked: number;
  startedAt: string;
  endedAt: string;
  detached: Detached;
  /** Its process group, by the host's number; cases from before it was kept have none. */
  group?: number | null;
  /** The connection that brought the packets, whose own were left out; cases from before they were have none. */
  leftOut?: string | null;
  sha256: string;
}

/** The same, as a case has it. */
export const captureOutcome: z.ZodType<CaptureOutcome> = z.looseObject({
  tool: z.string(),
  command: z.array(z.string()),
  exitCode: z.number().nullable(),
  stderr: z.string(),
  lost: z.union([z.number(), z.literal("unknown")]),
  captured: z.number().nullable(),
  stoppedBy: z.enum([...causes, "packets", "connection", "lease", "tool"]),
  brought: z.boolean().nullable().exactOptional(),
  // A replay asks as often.
  timesAsked: z.int().min(0).max(1_000_000),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  detached,
  group: z.number().nullable().exactOptional(),
  leftOut: z.string().nullable().exactOptional(),
  sha256: z.string(),
});

/** Starts a capture; its bytes are a pcap file. */
export async function startCapture(host: Host, options: RunOptions): Promise<Run<CaptureOutcome>> {
  const { device, netns, extent, seconds } = options;
  const place = netns === undefined ? host.name : `${netns} of ${host.name}`;
  const tried = `capture on ${[device].flat().join(", ")} of ${place}`;
  const ring = "lastBytes" in extent ? ringFiles(extent) : null;
  const needsDumpcap = [device].flat().length > 1 || ring?.fileSeconds !== undefined;
  const found = await findTool(host, needsDumpcap ? ["dumpcap"] : captureTools.map(({ name }) => name));
  await checkFilter(host, found, options, tried);
  const [tool, path] = found;
  // A ring is brought when it has ended.
  const own = ring === null ? ownConnection(await host.snapshot()) : null;
  const filter = own === null ? null : await withoutOwn(host, found, options, own, tried);
  const within = (command: string[]) => inNamespace(netns, command);
  const command =
    "lastBytes" in extent
      ? ringCommand(
          ringFiles(extent),
          tool.fileHeaderBytes,
          within(tool.ring(path, options, ringFiles(extent))),
        )
      : within(tool.stream(path, { ...options, ...extent, filter: filter ?? options.filter }));
  let head = "";
  const bounds = new Bounds(tried, options, tool, () => {
    if (ring === null) execution.stop();
    else endRing(host, execution, head);
  });
  const execution = host.start(command, {
    root: true,
    // Only if all else fails: the bounds end it. A ring is brought when it is over.
    deadlineSeconds: seconds + 30 + (ring === null ? 0 : bringingSeconds),
    onStderr: (text) => {
      if (head.length < 10_000) head += text;
      if (tool.listening.test(head)) bounds.begin();
      bounds.hear(text);
    },
  });
  const bytes = new Hashed(bounds.count(execution));
  const end = async (): Promise<CaptureOutcome> => {
    const ended = await execution.ended;
    return outcomeOf(ended).catch((error) => {
      throw error instanceof SkbookError ? new SkbookError(withDetached(host.name, ended, error)) : error;
    });
  };
  const outcomeOf = async (ended: ExecEnd): Promise<CaptureOutcome> => {
    const stoppedBy = causeOf(ended, bounds);
    if (ended.canceled) throw interrupted(tried);
    await bounds.end();
    if (bounds.startedAt === undefined) throw captureError(tried, withoutCounters(ended.stderr));
    const gone = ended.connectionLost || ended.leaseExpired;
    const brought = ring === null ? null : isBrought(ended.stderr);
    if (brought === false && bounds.bytes === 0)
      throw gone ? ringLost(tried, ended.leaseExpired) : ringKilled(tried, ended);
    const captured = tool.captured.exec(ended.stderr)?.[1];
    return {
      tool: tool.name,
      command,
      exitCode: ended.exitCode,
      stderr: withoutCounters(ended.stderr),
      lost: tool.lost(ended.stderr) ?? "unknown",
      captured: captured === undefined ? null : Number(captured),
      stoppedBy,
      brought,
      timesAsked: bounds.timesAsked,
      startedAt: bounds.startedAt,
      endedAt: bounds.endedAt ?? new Date().toISOString(),
      detached: ended.detached,
      group: ended.group,
      leftOut: own === null || filter === null ? null : connectionText(own),
      sha256: await bytes.sha256,
    };
  };
  return { bytes, outcome: watched(tried, () => bounds.standing(), end) };
}

/** A gigabyte at 1 MB/s. */
const bringingSeconds = 1_000;

function causeOf(ended: ExecEnd, { stoppedBy, isFull }: Bounds): CaptureOutcome["stoppedBy"] {
  if (ended.connectionLost) return "connection";
  if (ended.leaseExpired) return "lease";
  // A tool that somebody on the host ends says 0, too.
  return stoppedBy ?? (ended.exitCode === 0 && isFull ? "packets" : "tool");
}

/** What a tool says while it runs is as long as the capture. */
function withoutCounters(stderr: string): string {
  const kept = stderr
    .split(/[\r\n]+/)
    .filter((line) => !/^(?:Packets: \d|Got \d|File: |skbook-ring )/.test(line));
  return kept.join("\n");
}
