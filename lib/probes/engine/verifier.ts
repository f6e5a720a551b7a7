import type { ErrorFacts } from "../../errors/index.js";
import type { Host } from "../../hosts/index.js";
import type { Target } from "../target.js";
import { environment } from "./environment.js";
import type { RunOutcome } from "./run.js";

/**
 * What bpftrace writes when the kernel refused a program; the verifier's words it keeps to itself unless asked. Until 0.21 it names the hook,
 * then the program that it made for it: `interval:ms:100 (try -v)`, `interval_ms_100_2. Use -v for full kernel error log.`
 */
const refused = /Error loading (?:program: (\S+)|BPF program for (\S+)\.(?=\s|$))/;

const shownLines = 20;

/** Says why the verifier refused a program: loads it once more, and lets bpftrace show the log. */
export async function withVerifierLog(
  host: Host,
  target: Target,
  outcome: RunOutcome,
  failure: ErrorFacts,
): Promise<ErrorFacts> {
  const place = placeIn(outcome.stderr);
  if (failure.code !== "PROBE_NOT_ATTACHED" || place === undefined) return failure;
  const [program = ""] = outcome.command.slice(-1);
  const command = [...environment(target), host.bpftrace, "-v", "-e", program];
  const again = await host.exec(command, { root: true, deadlineSeconds: 30 });
  const log = logOf(place, again.stderr);
  const last = log.slice(-shownLines).join("\n");
  return {
    ...failure,
    code: "VERIFIER_REFUSED",
    failed: `the kernel's verifier refused the program at ${place}; the end of its log:\n${last || "bpftrace shows none"}`,
    todo: "the last lines say which access or loop it refused; a kernel of another version may take the program",
    details: { ...failure.details, place, verifierLog: log.slice(-200) },
  };
}

function placeIn(text: string): string | undefined {
  const found = refused.exec(text);
  return found?.[1] ?? found?.[2];
}

/**
 * The verifier's log of the refused program, from what `bpftrace -v` writes. Until 0.21 that is the only one, and stands before the error. Then it
 * stands behind it, and the programs that were taken before are called errors, too, each with its log: 0.24 may show one of those only.
 */
function logOf(place: string, stderr: string): string[] {
  const messages = stderr.split(/^(?=(?:ERROR|WARNING): )/m);
  const own =
    messages.find((message) => message.includes("Kernel error log:") && placeIn(message) === place) ??
    messages.find((message) => /^Error log:/m.test(message));
  const log = own?.split(/^(?:Kernel error|Error) log:.*\n/m)[1]?.trim() ?? "";
  return log === "" ? [] : log.split("\n");
}
