import { type Json, recordedRun } from "../cases/index.js";
import { SkbookError } from "../errors/index.js";
import { readZipped } from "./bytes.js";
import { execEnd } from "./exec-end.js";
import type { ExecEnd, Host } from "./host.js";
import { type Snapshot, sayFunction, sections } from "./sections.js";

/** What may take longer, or is large, is no short check. */
const shortSeconds = 30;

/** What a script of ours brought back. */
export interface Reading {
  sections: Snapshot;
  /** The deadline ended it before its end: later sections are missing, and the last one may be cut. */
  partial: boolean;
  recordingId: string | null;
}

/**
 * Runs a script of ours on the host, as root where possible, and returns its sections. Recorded as a snapshot, so that a
 * replay decodes with what that very host said.
 *
 * @param options.gzip for what is large: a remote host that has gzip sends it compressed.
 * @throws SkbookError `INTERRUPTED`, `LEASE_EXPIRED`, `CONNECTION_LOST`; `DEADLINE` where it had not said anything by then.
 */
export async function readUntil(
  deadlineSeconds: number,
  host: Host,
  name: string,
  script: string,
  args: readonly string[] = [],
  label: { [key: string]: Json } = {},
  options: { gzip?: boolean } = {},
): Promise<Reading> {
  const request = { kind: "snapshot" as const, name, host: host.name, params: { args: [...args], ...label } };
  const run = await recordedRun(request, execEnd, async () => {
    const zip = options.gzip && host.name !== "localhost" ? " | $(command -v gzip || echo cat)" : "";
    const execution = host.start(
      ["sh", "-c", `exec 2>/dev/null; ${sayFunction}; { ${script}; say complete; }${zip}`, "skbook", ...args],
      {
        root: await host.canBeRoot(),
        deadlineSeconds,
        session: options.gzip || deadlineSeconds > shortSeconds ? "exec" : "check",
      },
    );
    return { bytes: execution, outcome: execution.ended };
  });
  const text = await readZipped(run.bytes, 64 * 2 ** 20, snapshotOf(host, name));
  const end = await run.outcome;
  const found = sections(text);
  const partial = found.complete === undefined;
  if (partial && (codeOf(end) !== "DEADLINE" || Object.keys(found).length === 0)) {
    throw notWhole(host, name, codeOf(end));
  }
  return { sections: found, partial, recordingId: run.recordingId };
}

/** The same for a script that is over in seconds, 30 unless it is known to take longer: what it says is whole. */
export async function readSections(
  host: Host,
  name: string,
  script: string,
  args: readonly string[],
  label: { [key: string]: Json } = {},
  { deadlineSeconds = shortSeconds, ...options }: { gzip?: boolean; deadlineSeconds?: number } = {},
): Promise<Snapshot> {
  const reading = await readUntil(deadlineSeconds, host, name, script, args, label, options);
  if (reading.partial) throw notWhole(host, name, "DEADLINE");
  return reading.sections;
}

function snapshotOf(host: Host, name: string): string {
  return `take a snapshot (${name}) of ${host.name}`;
}

function notWhole(host: Host, name: string, code: string): SkbookError {
  return new SkbookError({
    code,
    tried: snapshotOf(host, name),
    failed: "it did not come to its end",
    todo: "run the cell again",
  });
}

/** Why a command of ours did not come to its end. */
export function codeOf(end: ExecEnd): string {
  if (end.canceled) return "INTERRUPTED";
  if (end.leaseExpired) return "LEASE_EXPIRED";
  return end.timedOut ? "DEADLINE" : "CONNECTION_LOST";
}
