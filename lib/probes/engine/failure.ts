import type { ErrorFacts } from "../../errors/index.js";
import type { Account } from "./account.js";
import type { RunOutcome } from "./run.js";
import { triedVersions } from "./version.js";

/** What bpftrace says where its rules about types are stricter than those of other versions. */
const strict = /ERROR: (?:Type mismatch for|Cannot cast from struct type)/;

/** Why a run is no result, or undefined when it is one. bpftrace says `attached_probes` even where it attached nothing. */
export function failureOf(
  probe: string,
  host: string,
  outcome: RunOutcome,
  { account, attachSeconds }: { account: Account; attachSeconds: number },
): ErrorFacts | undefined {
  const tried = `run ${probe} on ${host}`;
  const details = { exitCode: outcome.exitCode, stderr: outcome.stderr, detached: outcome.detached };
  const said = outcome.stderr.split("\n").slice(-20).join("\n") || "bpftrace said nothing";
  if (outcome.connectionLost) {
    return {
      code: "CONNECTION_LOST",
      tried,
      failed: "the connection broke in the middle; the probe on the host ends with its lease, within 5 s",
      todo: "connect() again; what had arrived is in the error's `partial`",
      details,
    };
  }
  if (outcome.leaseExpired) {
    return {
      code: "LEASE_EXPIRED",
      tried,
      failed: "the notebook's process was too busy to renew the lease for 4 s, so the host killed the probe",
      todo: "don't compute for seconds without an await while a probe runs; what had arrived is in the error's `partial`",
      details,
    };
  }
  if (!account.ticked && outcome.timedOut) {
    return {
      code: "DEADLINE",
      tried,
      failed: `it was not attached within attachSeconds: ${attachSeconds} s, and the time to measure on top; ${said}`,
      todo: `give it longer: attachSeconds: ${Math.min(300, attachSeconds * 4)} (300 at most), or run it while the host is less busy; fewer hooks attach faster`,
      details: { ...details, attachSeconds },
    };
  }
  if (!account.ticked) {
    return {
      code: "PROBE_NOT_ATTACHED",
      tried,
      failed: `the probe never ran (exit code ${outcome.exitCode}): ${said}`,
      todo: strict.test(outcome.stderr)
        ? `the host's bpftrace refuses the program, not the kernel: install another version there; programs were run with ${triedVersions}`
        : "read what bpftrace says; the kernel may lack a hook or a field that the program uses",
      details,
    };
  }
  if (outcome.exitCode === 0) return undefined;
  return {
    code: outcome.timedOut ? "DEADLINE" : "PROBE_FAILED",
    tried,
    failed: `bpftrace ended with ${outcome.exitCode}: ${said}`,
    todo: "what had arrived is in the error's `partial`; measure again for fewer seconds or with filters",
    details,
  };
}
