import { ConcurrentTask } from "../../concurrent/index.js";
import type { Standing } from "../../progress/index.js";
import { PacketCounter } from "./packet-counter.js";
import type { RunOptions } from "./run-options.js";
import type { CaptureTool } from "./tools.js";
import { Polling } from "./until.js";

/** What ended a capture from here. */
export const causes = ["seconds", "bytes", "during", "until"] as const;
export type Cause = (typeof causes)[number];

/** Ends a capture when its time, its bytes or its purpose are used up. */
export class Bounds {
  startedAt: string | undefined;
  /** When the tool had ended, as far as is seen from here. */
  endedAt: string | undefined;
  stoppedBy: Cause | undefined;
  bytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private tasks: ConcurrentTask[] = [];
  private readonly polling: Polling;
  private since = 0;
  private seen = 0;
  private readonly counter = new PacketCounter();

  /** @param stop tells the capture to end. */
  constructor(
    private readonly tried: string,
    private readonly options: RunOptions,
    private readonly tool: CaptureTool,
    private readonly stop: () => void,
  ) {
    this.polling = new Polling(options.until);
  }

  get timesAsked(): number {
    return this.polling.times;
  }

  /** To be called when the tool listens; the first call counts. */
  begin(): void {
    if (this.startedAt !== undefined) return;
    this.startedAt = new Date().toISOString();
    this.since = performance.now();
    const { seconds, during, until } = this.options;
    const { lateness } = this.tool;
    this.timer = setTimeout(() => this.over("seconds"), seconds * 1000 + lateness);
    this.tasks = [
      new ConcurrentTask(this.tried, during, { settleMs: lateness, stop: () => this.over("during") }),
      new ConcurrentTask(
        this.tried,
        until && (() => this.polling.ended(lateness)),
        { settleMs: 0, stop: () => this.over("until") },
        "until",
      ),
    ];
    for (const task of this.tasks) task.begin();
  }

  /** Takes what the tool says while it runs. */
  hear(text: string): void {
    for (const [, count] of text.matchAll(this.tool.counting)) this.seen = Number(count);
  }

  async *count(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { extent } = this.options;
    const ended = () => {
      this.endedAt ??= new Date().toISOString();
    };
    try {
      for await (const chunk of bytes) {
        // A ring is brought behind its tool's end.
        if (!("maxBytes" in extent)) ended();
        yield chunk;
        this.bytes += chunk.length;
        this.counter.push(chunk);
        if ("maxBytes" in extent && this.bytes >= extent.maxBytes) this.over("bytes");
      }
    } finally {
      ended();
    }
  }

  /** Whether it took as many packets as it was to. */
  get isFull(): boolean {
    const { extent } = this.options;
    return "maxPackets" in extent && this.counter.packets >= extent.maxPackets;
  }

  /** How near the capture is to the bound that is nearest, and what it has. */
  standing(): Standing {
    if (this.startedAt === undefined) return { facts: ["starting"] };
    const { seconds, extent } = this.options;
    const elapsed = (performance.now() - this.since) / 1000;
    const count = (value: number) => Math.round(value).toLocaleString("en-US");
    const time = `${Math.min(elapsed, seconds).toFixed(1)} of ${seconds} s`;
    if (!("maxBytes" in extent)) {
      const kept = `the last ${count(extent.lastBytes / 1e6)} MB are kept`;
      if (this.bytes > 0) return { facts: [`bringing what was kept: ${count(this.bytes / 1e6)} MB`] };
      return { part: elapsed / seconds, facts: [time, `${count(this.seen)} packets`, kept] };
    }
    const { packets } = this.counter;
    return {
      part: Math.max(elapsed / seconds, packets / extent.maxPackets, this.bytes / extent.maxBytes),
      facts: [time, `${count(packets)} packets`, `${count(packets / elapsed)} packets/s on average`],
    };
  }

  /** Waits for what the capture was for, which may go on after it; fails when that failed. */
  async end(): Promise<void> {
    clearTimeout(this.timer);
    this.polling.stop();
    for (const task of this.tasks) await task.over();
  }

  private over(why: Cause): void {
    if (this.stoppedBy !== undefined) return;
    this.stoppedBy = why;
    this.polling.stop();
    this.stop();
  }
}
