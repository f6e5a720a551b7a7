import type { Run } from "../../cases/index.js";
import { interrupted } from "../../cell.js";
import { type Execution, type Host, readText } from "../../hosts/index.js";
import { Hashed } from "../hashed.js";
import { captureError, duringFailed, noTool } from "./errors.js";
import { type Asked, type CaptureTool, captureTools } from "./tools.js";

/** What a capture run is bounded by and how it is told to go on. */
export interface RunOptions extends Asked {
  seconds: number;
  maxBytes: number;
  during: (() => Promise<unknown>) | undefined;
}

/** How a capture ended, as a case keeps it. */
export interface CaptureOutcome {
  tool: string;
  command: string[];
  exitCode: number | null;
  stderr: string;
  lost: number | "unknown";
  stoppedBy: "seconds" | "packets" | "bytes" | "during" | "connection";
  startedAt: string;
  endedAt: string;
  detached: string;
  sha256: string;
}

/** Time for the last packets to come, after what the capture was for is over. */
const graceMilliseconds = 300;

/** Starts a capture; its bytes are a pcap file. */
export async function startCapture(host: Host, options: RunOptions): Promise<Run<CaptureOutcome>> {
  const tried = `capture on ${options.device} of ${host.name}`;
  const [tool, path] = await findTool(host);
  const command = tool.command(path, options);
  const bounds = new Bounds(options);
  let stderr = "";
  const execution = host.start(command, {
    root: true,
    // Only if all else fails: the bounds end it.
    deadlineSeconds: options.seconds + 30,
    onStderr: (text) => {
      stderr += text;
      if (tool.listening.test(stderr)) bounds.begin(execution);
    },
  });
  const bytes = new Hashed(bounds.count(execution));
  const outcome = (async (): Promise<CaptureOutcome> => {
    const ended = await execution.ended;
    await bounds.end();
    if (ended.canceled) throw interrupted(tried);
    if (bounds.startedAt === undefined) throw captureError(tried, ended.stderr);
    return {
      tool: tool.name,
      command,
      exitCode: ended.exitCode,
      stderr: ended.stderr,
      lost: tool.lost(ended.stderr) ?? "unknown",
      stoppedBy: ended.connectionLost ? "connection" : (bounds.stoppedBy ?? "packets"),
      startedAt: bounds.startedAt,
      endedAt: new Date().toISOString(),
      detached: ended.detached,
      sha256: await bytes.sha256,
    };
  })();
  return { bytes, outcome };
}

/** Ends a capture when its time, its bytes or its purpose are used up. */
class Bounds {
  startedAt: string | undefined;
  stoppedBy: "seconds" | "bytes" | "during" | undefined;
  private timer: NodeJS.Timeout | undefined;
  private purpose: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: RunOptions) {}

  /** To be called when the tool listens; the first call counts. */
  begin(execution: Execution): void {
    if (this.startedAt !== undefined) return;
    this.startedAt = new Date().toISOString();
    this.timer = setTimeout(() => this.stop(execution, "seconds"), this.options.seconds * 1000);
    const { during } = this.options;
    if (during === undefined) return;
    this.purpose = Promise.resolve()
      .then(during)
      .then(() => new Promise((over) => setTimeout(over, graceMilliseconds)))
      .finally(() => this.stop(execution, "during"));
    this.purpose.catch(() => {});
  }

  async *count(execution: Execution): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of execution) {
      yield chunk;
      bytes += chunk.length;
      if (bytes >= this.options.maxBytes) this.stop(execution, "bytes");
    }
  }

  /** Fails when what the capture was for failed. */
  async end(): Promise<void> {
    clearTimeout(this.timer);
    await this.purpose.catch((cause) => {
      throw duringFailed(cause);
    });
  }

  private stop(execution: Execution, why: "seconds" | "bytes" | "during"): void {
    if (this.stoppedBy !== undefined) return;
    this.stoppedBy = why;
    execution.stop();
  }
}

async function findTool(host: Host): Promise<[CaptureTool, string]> {
  // sbin is not in every user's PATH.
  const script = 'PATH=$PATH:/usr/sbin:/sbin; for tool; do command -v "$tool" && break; done';
  const names = captureTools.map((tool) => tool.name);
  const execution = host.start(["sh", "-c", script, "sh", ...names], { root: true });
  const path = (await readText(execution, 10_000)).trim();
  await execution.ended;
  const tool = captureTools.find(({ name }) => path.endsWith(`/${name}`));
  if (tool === undefined) throw noTool(host.name);
  return [tool, path];
}
