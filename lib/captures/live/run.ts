import type { Run } from "../../cases/index.js";
import { callSignal, interrupted } from "../../cell.js";
import { type Execution, type Host, readText } from "../../hosts/index.js";
import { Hashed } from "../hashed.js";
import { accompany } from "./during.js";
import { captureError, noTool } from "./errors.js";
import { type Asked, type CaptureTool, captureTools } from "./tools.js";

/** What a capture run is bounded by and how it is told to go on. */
export interface RunOptions extends Asked {
  seconds: number;
  maxBytes: number;
  during: (() => unknown) | undefined;
}

/** How a capture ended, as a case keeps it. */
export interface CaptureOutcome {
  tool: string;
  command: string[];
  exitCode: number | null;
  stderr: string;
  lost: number | "unknown";
  /** `tool`: it gave up by itself, for the reason in `stderr`. */
  stoppedBy: "seconds" | "packets" | "bytes" | "during" | "connection" | "lease" | "tool";
  startedAt: string;
  endedAt: string;
  detached: string;
  sha256: string;
}

/** Starts a capture; its bytes are a pcap file. */
export async function startCapture(host: Host, options: RunOptions): Promise<Run<CaptureOutcome>> {
  const tried = `capture on ${options.device} of ${host.name}`;
  const [tool, path] = await findTool(host);
  const command = tool.command(path, options);
  const bounds = new Bounds(options, tool.lateness);
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
    const stoppedBy = bounds.stoppedBy ?? (ended.exitCode === 0 ? "packets" : "tool");
    if (ended.canceled || (await bounds.end()) === "interrupted") throw interrupted(tried);
    if (bounds.startedAt === undefined) throw captureError(tried, ended.stderr);
    return {
      tool: tool.name,
      command,
      exitCode: ended.exitCode,
      stderr: ended.stderr,
      lost: tool.lost(ended.stderr) ?? "unknown",
      stoppedBy: ended.connectionLost ? "connection" : ended.leaseExpired ? "lease" : stoppedBy,
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
  private readonly signal = callSignal();

  constructor(
    private readonly options: RunOptions,
    private readonly lateness: number,
  ) {}

  /** To be called when the tool listens; the first call counts. */
  begin(execution: Execution): void {
    if (this.startedAt !== undefined) return;
    this.startedAt = new Date().toISOString();
    const time = this.options.seconds * 1000 + this.lateness;
    this.timer = setTimeout(() => this.stop(execution, "seconds"), time);
    const { during } = this.options;
    if (during === undefined) return;
    this.purpose = accompany(during)
      .then(() => new Promise((over) => setTimeout(over, this.lateness)))
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

  /** Waits for what the capture was for, which may go on after it; fails when that failed. */
  async end(): Promise<"over" | "interrupted"> {
    clearTimeout(this.timer);
    const interrupt = new Promise<"interrupted">((resolve) => {
      this.signal?.addEventListener("abort", () => resolve("interrupted"), { once: true });
      if (this.signal?.aborted) resolve("interrupted");
    });
    const over = this.purpose.then(() => "over" as const);
    return Promise.race([over, interrupt]);
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
