import type { Run } from "../../cases/index.js";
import { interrupted } from "../../cell.js";
import { Company } from "../../company.js";
import type { Execution, Host } from "../../hosts/index.js";
import { type Standing, watched } from "../../progress/index.js";
import { answerOf } from "../answer.js";
import { Hashed } from "../hashed.js";
import { captureError, noTool } from "./errors.js";
import { PacketCounter } from "./packet-counter.js";
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
  const tried = `capture on ${[options.device].flat().join(", ")} of ${host.name}`;
  const several = [options.device].flat().length > 1;
  const [tool, path] = await findTool(host, several ? ["dumpcap"] : captureTools.map(({ name }) => name));
  const command = tool.command(path, options);
  const bounds = new Bounds(tried, options, tool.lateness);
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
  const end = async (): Promise<CaptureOutcome> => {
    const ended = await execution.ended;
    const stoppedBy = bounds.stoppedBy ?? (ended.exitCode === 0 ? "packets" : "tool");
    if (ended.canceled) throw interrupted(tried);
    await bounds.end();
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
  };
  return { bytes, outcome: watched(tried, () => bounds.standing(), end) };
}

/** Ends a capture when its time, its bytes or its purpose are used up. */
class Bounds {
  startedAt: string | undefined;
  stoppedBy: "seconds" | "bytes" | "during" | undefined;
  private timer: NodeJS.Timeout | undefined;
  private company: Company | undefined;
  private bytes = 0;
  private since = 0;
  private readonly counter = new PacketCounter();

  constructor(
    private readonly tried: string,
    private readonly options: RunOptions,
    private readonly lateness: number,
  ) {}

  /** To be called when the tool listens; the first call counts. */
  begin(execution: Execution): void {
    if (this.startedAt !== undefined) return;
    this.startedAt = new Date().toISOString();
    this.since = performance.now();
    const time = this.options.seconds * 1000 + this.lateness;
    this.timer = setTimeout(() => this.stop(execution, "seconds"), time);
    this.company = new Company(this.tried, this.options.during, {
      settleMs: this.lateness,
      stop: () => this.stop(execution, "during"),
    });
    this.company.begin();
  }

  async *count(execution: Execution): AsyncGenerator<Uint8Array> {
    for await (const chunk of execution) {
      yield chunk;
      this.bytes += chunk.length;
      this.counter.push(chunk);
      if (this.bytes >= this.options.maxBytes) this.stop(execution, "bytes");
    }
  }

  /** How near the capture is to the bound that is nearest, and what it has. */
  standing(): Standing {
    if (this.startedAt === undefined) return { facts: ["starting"] };
    const { seconds, maxPackets, maxBytes } = this.options;
    const elapsed = (performance.now() - this.since) / 1000;
    const { packets } = this.counter;
    const count = (value: number) => Math.round(value).toLocaleString("en-US");
    return {
      part: Math.max(elapsed / seconds, packets / maxPackets, this.bytes / maxBytes),
      facts: [
        `${Math.min(elapsed, seconds).toFixed(1)} of ${seconds} s`,
        `${count(packets)} packets`,
        `${count(packets / elapsed)} packets/s on average`,
      ],
    };
  }

  /** Waits for what the capture was for, which may go on after it; fails when that failed. */
  async end(): Promise<void> {
    clearTimeout(this.timer);
    await this.company?.over();
  }

  private stop(execution: Execution, why: "seconds" | "bytes" | "during"): void {
    if (this.stoppedBy !== undefined) return;
    this.stoppedBy = why;
    execution.stop();
  }
}

async function findTool(host: Host, names: readonly string[]): Promise<[CaptureTool, string]> {
  // sbin is not in every user's PATH.
  const script = 'PATH=$PATH:/usr/sbin:/sbin; for tool; do command -v "$tool" && break; done';
  const command = ["sh", "-c", script, "sh", ...names];
  const path = (await answerOf(host, command, `capture on ${host.name}`, { root: true })).text.trim();
  const tool = captureTools.find(({ name }) => path.endsWith(`/${name}`));
  if (tool === undefined) throw noTool(host.name, names);
  return [tool, path];
}
