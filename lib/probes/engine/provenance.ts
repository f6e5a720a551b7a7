import { type ClockReading, detachedNotes, type NetworkLoad } from "../../hosts/index.js";
import type { Provenance } from "../../tables/index.js";
import type { Account } from "./account.js";
import { phasesOf } from "./phases.js";
import type { RunOutcome } from "./run.js";
import { clockStep, type UnixTime } from "./unix-time.js";

/** A step of the host's clock that a reader must know of. */
const notableStepNs = 1_000_000n;

interface RunFacts {
  /** Why it measured for less than it was to, without an error. */
  cut: string | null;
  recordingId: string | null;
  host: string;
  /** How long it was to measure. */
  seconds: number;
  clocks: { start: ClockReading | null; end: ClockReading | null };
  notes: readonly string[];
  time: UnixTime;
  /** How busy the host was before a probe of events was attached. */
  load: NetworkLoad | null;
}

/** Where the rows of a probe come from, and what may be missing. */
export function provenanceOf(
  probe: string,
  { cut, recordingId, host, seconds, clocks, notes, time, load }: RunFacts,
  outcome: RunOutcome,
  account: Account,
): Provenance {
  return {
    source: probe,
    host,
    recordingId,
    startedAt: time.iso(account.begin),
    endedAt: time.iso(account.end),
    lost: account.lost,
    truncated: account.truncated,
    partial: outcome.exitCode !== 0 || cut !== null,
    notes: [
      ...detachedNotes(host, outcome),
      ...(cut === null ? [] : [`It is not whole: ${cut}.`]),
      ...notes,
      ...(outcome.deviceNotes ?? []),
      ...(outcome.layoutNotes ?? []),
      ...clockNotes(clocks),
      ...suppressedNote(account),
      ...unparsedNote(account),
      ...missedNote(outcome),
      ...missingHooks(outcome),
    ],
    details: {
      command: outcome.command,
      wanted: outcome.hooks.wanted,
      attached: outcome.hooks.attached,
      matched: account.matched,
      emitted: account.emitted,
      suppressed: account.suppressed,
      byHook: account.hooks.map((hook) => ({ ...hook })),
      load: load && { ...load },
      lostByBpftrace: account.lostByBpftrace,
      clock: time.clock,
      clocks: { start: clocks.start && { ...clocks.start }, end: clocks.end && { ...clocks.end } },
      selfCost: outcome.selfCost === null ? "unknown" : { ...outcome.selfCost },
      detached: outcome.detached,
      durationMs: outcome.durationMs,
      phases: phasesOf(seconds, account, clocks, time),
      stderr: outcome.stderr,
    },
  };
}

function clockNotes(clocks: RunFacts["clocks"]): string[] {
  if (clocks.start === null) return ["the host's clocks could not be read: times are unknown"];
  const step = clockStep(clocks.start, clocks.end) ?? 0n;
  const sure = notableStepNs + BigInt(clocks.start.error_ns) + BigInt(clocks.end?.error_ns ?? 0);
  if (step < sure && step > -sure) return [];
  return [`the host's real-time clock was moved by ${Number(step) / 1e6} ms during the run`];
}

function suppressedNote({ suppressed }: Account): string[] {
  return suppressed === null || suppressed === 0
    ? []
    : [`${suppressed} events came above maxEventsPerSecond and were not printed: they are counted as lost`];
}

function unparsedNote({ unparsed, unparsedLines }: Account): string[] {
  return unparsedLines === 0
    ? []
    : [`${unparsedLines} lines of bpftrace were not understood, such as: ${unparsed[0]}`];
}

function missedNote({ selfCost }: RunOutcome): string[] {
  const missed = selfCost?.missed ?? 0;
  return missed === 0
    ? []
    : [
        `${missed} times the kernel left a program of the probe out, since another one was running on that CPU: up to so many events are neither here nor counted as lost`,
      ];
}

function missingHooks({ hooks }: RunOutcome): string[] {
  return hooks.missing.length === 0 ? [] : [`not attached: ${hooks.missing.join("; ")}`];
}
