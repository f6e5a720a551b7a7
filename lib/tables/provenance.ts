import type { Json } from "../cases/index.js";

/** Where the rows of a Table or Frame come from, and what may be missing from them. */
export interface Provenance {
  /** The function that made it: `dropSummary`, `packets`. */
  source: string;
  host: string | null;
  /** The recording in the case that it was made from; null without a case. */
  recordingId: string | null;
  /** ISO 8601, of the run that acquired the data. */
  startedAt: string | null;
  endedAt: string | null;
  /** Events or packets that were lost while they were acquired. */
  lost: number | "unknown";
  /** A limit that the caller gave cut it. */
  truncated: boolean;
  /** The input was damaged, or the run ended early. */
  partial: boolean;
  /** What the reader must know before drawing a conclusion, one sentence each. */
  notes: string[];
  details: { [key: string]: Json };
}

/** The provenance of rows of which nothing is missing, as far as `known` doesn't say otherwise. */
export function completeProvenance(source: string, known: Partial<Provenance> = {}): Provenance {
  return {
    ...{ source, host: null, recordingId: null, startedAt: null, endedAt: null },
    ...{ lost: 0, truncated: false, partial: false, notes: [], details: {} },
    ...known,
  };
}

/**
 * What a reader must know before trusting a count of zero, in a few words each; empty when nothing is missing.
 *
 * @param of what the loss is a loss of, where that is not plain.
 */
export function warningsOf(provenance: Provenance, of?: "event" | "packet" | "sample"): string[] {
  const { lost, truncated, partial } = provenance;
  const warnings: string[] = [];
  const noun = of === undefined ? "" : ` ${of}${lost === 1 ? "" : "s"}`;
  if (lost === "unknown") warnings.push(of === undefined ? "loss unknown" : `loss of ${of}s unknown`);
  else if (lost > 0) warnings.push(`${lost.toLocaleString("en-US")}${noun} lost`);
  if (truncated) warnings.push("truncated: a limit was reached");
  if (partial) warnings.push("partial: damaged input, or ended early");
  return warnings;
}

/** The provenance of what a query made of a Table or Frame. */
export function queried(provenance: Provenance, sql: string): Provenance {
  return { ...provenance, details: { ...provenance.details, sql: sql.trim() } };
}

/** The provenance of what a query made of several: what is missing from one of them is missing from the answer. */
export function combined(sources: { [name: string]: Provenance }, sql?: string): Provenance {
  const all = Object.values(sources);
  const hosts = [...new Set(all.map((one) => one.host))];
  const lost = all.map((one) => one.lost);
  return {
    source: "sql",
    host: hosts.length === 1 ? (hosts[0] ?? null) : null,
    recordingId: null,
    startedAt: null,
    endedAt: null,
    lost: lost.includes("unknown") ? "unknown" : lost.reduce<number>((sum, one) => sum + Number(one), 0),
    truncated: all.some((one) => one.truncated),
    partial: all.some((one) => one.partial),
    notes: Object.entries(sources).flatMap(([name, one]) => one.notes.map((note) => `${name}: ${note}`)),
    details: {
      ...(sql === undefined ? {} : { sql: sql.trim() }),
      sources: Object.fromEntries(
        Object.entries(sources).map(([name, { source, host, recordingId }]) => [
          name,
          { source, host, recordingId },
        ]),
      ),
    },
  };
}
