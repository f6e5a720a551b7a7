import type { ErrorFacts } from "../errors.js";
import type { Host } from "../hosts/index.js";
import { environment } from "./bpftrace/environment.js";
import type { RunOutcome } from "./run.js";
import type { Target } from "./target.js";

/** What bpftrace writes when the kernel refused a program; the verifier's words it keeps to itself unless asked. */
const refused = /Error loading program: (\S+)/;

const shownLines = 20;

/** Says why the verifier refused a program: loads it once more, and lets bpftrace show the log. */
export async function withVerifierLog(
  host: Host,
  { snapshot }: Target,
  program: string,
  outcome: RunOutcome,
  failure: ErrorFacts,
): Promise<ErrorFacts> {
  const place = refused.exec(outcome.stderr)?.[1];
  if (failure.code !== "PROBE_NOT_ATTACHED" || place === undefined) return failure;
  const command = ["env", ...environment(snapshot), "bpftrace", "-v", "-e", program];
  const again = await host.exec(command, { root: true, deadlineSeconds: 30 });
  const log =
    /Error log:\s*\n(.*?)\n\s*ERROR: Error loading program/s.exec(again.stderr)?.[1]?.split("\n") ?? [];
  const last = log.slice(-shownLines).join("\n");
  return {
    ...failure,
    code: "VERIFIER_REFUSED",
    failed: `the kernel's verifier refused the program at ${place}; the end of its log:\n${last || "it left none"}`,
    todo: "the last lines say which access or loop it refused; a kernel of another version may take the program",
    details: { ...failure.details, place, verifierLog: log.slice(-200) },
  };
}
