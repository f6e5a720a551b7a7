import { basename } from "node:path";
import { interrupted } from "../cell.js";
import { SkbookError } from "../errors.js";
import { type Execution, localhost, readText } from "../hosts/index.js";
import { type CaptureFacts, capinfosOptions, readFacts } from "./facts.js";

/** Dissecting a very big capture takes hours; nothing takes longer. */
const deadlineSeconds = 24 * 3600;

/** How a run of tshark ended, as a case keeps it. */
export interface TsharkOutcome {
  exitCode: number | null;
  /** Without the warning about root; the file is called by its name only. */
  stderr: string;
  version: string;
}

let version: Promise<string> | undefined;

/** Starts tshark or capinfos with defaults only: a user's preferences change results. */
export function startTool(tool: "tshark" | "capinfos", args: readonly string[]): Execution {
  // A folder that doesn't exist holds no preferences, and nothing is left behind.
  const environment = ["env", "WIRESHARK_CONFIG_DIR=/nonexistent/skbook", "LC_ALL=C.UTF-8", "TZ=UTC"];
  return localhost().start([...environment, tool, ...args], { deadlineSeconds });
}

/** Waits for the end of a run and says how it was; fails when the tool isn't there. */
export async function tsharkOutcome(
  execution: Execution,
  path: string,
): Promise<TsharkOutcome & { canceled: boolean }> {
  const ownVersion = tsharkVersion();
  const ended = await execution.ended;
  const stderr = ended.stderr
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("Running as user"))
    .join("\n")
    .replaceAll(path, basename(path));
  if (ended.exitCode === 127) throw missing(stderr);
  return {
    exitCode: ended.exitCode,
    stderr,
    version: ended.canceled ? "" : await ownVersion,
    canceled: ended.canceled,
  };
}

/** `TShark (Wireshark) 4.0.17` and what the packager adds. */
function tsharkVersion(): Promise<string> {
  version ??= (async () => {
    const execution = startTool("tshark", ["--version"]);
    const output = await readText(execution, 100_000);
    await execution.ended;
    return output.split("\n", 1)[0]?.replace(/\.$/, "") ?? "";
  })();
  return version;
}

/** Reads a capture file's facts. */
export async function captureFacts(path: string): Promise<CaptureFacts> {
  const execution = startTool("capinfos", [...capinfosOptions, path]);
  const line = await readText(execution, 100_000);
  const { exitCode, stderr, canceled } = await tsharkOutcome(execution, path);
  if (canceled) throw interrupted(`open ${path}`);
  if (line.trim() === "") {
    throw new SkbookError({
      code: "NOT_A_CAPTURE",
      tried: `open ${path}`,
      failed: stderr || `capinfos ended with ${exitCode}`,
      todo: "give a pcap or pcapng file, plain or compressed with gzip",
    });
  }
  return readFacts(line, exitCode);
}

function missing(stderr: string): SkbookError {
  return new SkbookError({
    code: "TSHARK_MISSING",
    tried: "run tshark on this machine",
    failed: stderr,
    todo: "install it (Debian: apt install tshark; Fedora: dnf install wireshark-cli), or replay a case",
  });
}
