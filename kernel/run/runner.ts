import { setTimeout as delay } from "node:timers/promises";
import type { Cell, Notebook } from "../notebook/index.js";
import type { Content } from "../wire/index.js";
import type { KernelClient } from "./client.js";
import { OutputCollector } from "./outputs.js";
import type { Progress } from "./progress.js";

/** How long an interrupted cell may take to clean up its hosts before the kernel is killed. */
const cleanUpMs = 15_000;

/** Runs the cells of a notebook in order and puts their outputs into it. */
export class Runner {
  readonly #notebook: Notebook;
  readonly #kernel: KernelClient;
  readonly #progress: Progress;
  readonly #collector = new OutputCollector();
  #stopping = false;
  #patience: NodeJS.Timeout | undefined;

  constructor(notebook: Notebook, kernel: KernelClient, progress: Progress) {
    this.#notebook = notebook;
    this.#kernel = kernel;
    this.#progress = progress;
  }

  /** Interrupts the running cell and runs no other; kills the kernel where that does not help, and the second time. */
  stop(): void {
    if (this.#stopping) {
      this.#kernel.kill();
      return;
    }
    this.#stopping = true;
    this.#kernel.interrupt().catch(() => undefined);
    this.#patience = setTimeout(() => this.#kernel.kill(), cleanUpMs);
  }

  /** Resolves to whether all cells passed; the ones behind a failing cell are not run. */
  async run(timeoutSeconds: number | undefined): Promise<boolean> {
    const cells = this.#notebook.cells.filter(
      ({ cell_type, source }) => cell_type === "code" && source.trim() !== "",
    );
    try {
      for (const [index, cell] of cells.entries()) {
        if (this.#stopping) return false;
        this.#progress.starts(index + 1, cells.length, cell.source);
        const failure = await this.#runCell(cell, timeoutSeconds);
        this.#progress.ends(failure);
        if (failure !== undefined) return false;
      }
      return !this.#stopping;
    } finally {
      clearTimeout(this.#patience);
    }
  }

  /** Resolves to the text of what went wrong, undefined when nothing did. */
  async #runCell(cell: Cell, timeoutSeconds: number | undefined): Promise<string | undefined> {
    cell.outputs = [];
    const { outputs } = cell;
    const limit = new AbortController();
    const timedOut =
      timeoutSeconds === undefined ? undefined : this.#limit(timeoutSeconds * 1000, limit.signal);
    try {
      const reply = await this.#kernel.execute(cell.source, cell.id, (message) => {
        if (message.header.msg_type === "execute_input")
          cell.execution_count = Number(message.content.execution_count);
        this.#collector.collect(outputs, message);
      });
      limit.abort();
      const failure = reply.status === "ok" ? undefined : describe(reply);
      // A cell that has ended well while its time ran out has passed.
      if (failure !== undefined && (await timedOut))
        return `the cell took longer than ${timeoutSeconds} s\n${failure}`;
      return failure;
    } catch (error) {
      limit.abort();
      const { name, message } = error as Error;
      const reason = (await timedOut)
        ? `the cell took longer than ${timeoutSeconds} s and had to be killed`
        : message;
      outputs.push({ output_type: "error", ename: name, evalue: reason, traceback: [reason] });
      return reason;
    }
  }

  /** Ends the cell when its time is over; resolves to whether it came to that. */
  async #limit(milliseconds: number, signal: AbortSignal): Promise<boolean> {
    try {
      await delay(milliseconds, undefined, { signal });
    } catch {
      return false;
    }
    this.#kernel.interrupt().catch(() => undefined);
    await delay(cleanUpMs, undefined, { signal }).then(
      () => this.#kernel.kill(),
      () => undefined,
    );
    return true;
  }
}

function describe({ status, traceback }: Content): string {
  return Array.isArray(traceback) ? traceback.join("\n") : `the cell was not run (${status})`;
}
