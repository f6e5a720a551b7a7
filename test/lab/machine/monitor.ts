import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";

/** A line of the QEMU machine protocol (QMP): an answer, or an event, which the lab does not listen to. */
interface Line {
  return?: unknown;
  error?: { class: string; desc: string };
  event?: string;
  QMP?: unknown;
}

/** Speaks QMP with a running QEMU: one command after the other. */
export class Monitor {
  private waiting: { resolve(value: unknown): void; reject(error: Error): void } | undefined;
  private closed = false;

  private constructor(private readonly socket: Socket) {
    const lines = createInterface(socket);
    lines.on("line", (line) => this.take(JSON.parse(line) as Line));
    // QEMU's end may look like an error; "close" comes in any case.
    lines.on("error", () => {});
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
      this.waiting?.reject(new Error("QEMU has ended"));
    });
  }

  static async open(path: string): Promise<Monitor> {
    const socket = connect(path);
    await once(socket, "connect");
    const monitor = new Monitor(socket);
    await monitor.do("qmp_capabilities");
    return monitor;
  }

  /** Whether QEMU is gone. */
  get ended(): boolean {
    return this.closed;
  }

  async do(execute: string, parameters: Record<string, unknown> = {}): Promise<unknown> {
    if (this.closed) throw new Error(`QEMU has ended before ${execute}`);
    const answer = new Promise<unknown>((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
    this.socket.write(`${JSON.stringify({ execute, arguments: parameters })}\n`);
    return answer;
  }

  /** A command of QEMU's human monitor, which can do more. */
  async say(line: string): Promise<string> {
    return String(await this.do("human-monitor-command", { "command-line": line }));
  }

  private take({ return: value, error, event, QMP }: Line): void {
    if (event !== undefined || QMP !== undefined) return;
    if (error === undefined) this.waiting?.resolve(value);
    else this.waiting?.reject(new Error(`QEMU: ${error.desc}`));
    this.waiting = undefined;
  }
}
