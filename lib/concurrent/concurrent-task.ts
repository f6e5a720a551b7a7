import { setTimeout as sleep } from "node:timers/promises";
import { callSignal, interrupted } from "../cell/index.js";
import { reasonOf, SkbookError } from "../errors/index.js";

/** A caller's function that runs while a probe or a capture does, which ends with it: the options `during` and `until`. */
export class ConcurrentTask {
  private ended: Promise<unknown> = Promise.resolve();
  private begun = false;
  private readonly signal = callSignal();

  constructor(
    /** What it runs beside, as errors say it: `capture on eth0 of h1`. */
    private readonly tried: string,
    private readonly during: (() => unknown) | undefined,
    private readonly run: {
      /** How long the last of what was done meanwhile is still on its way, in milliseconds. */
      settleMs: number;
      /** Ends the run. */
      stop: () => void;
    },
    /** The option that it was given as. */
    private readonly option: "during" | "until" = "during",
  ) {}

  /** To be called once the run sees what happens; the first call counts. */
  begin(): void {
    const { during, run } = this;
    if (during === undefined || this.begun) return;
    this.begun = true;
    this.ended = (async () => {
      try {
        await during();
        await sleep(run.settleMs);
      } catch (cause) {
        throw this.failure(cause);
      } finally {
        run.stop();
      }
    })();
    this.ended.catch(() => {});
  }

  /**
   * Waits for it, which may go on after the run.
   *
   * @throws SkbookError `DURING_FAILED`, `UNTIL_FAILED`, `INTERRUPTED`.
   */
  async over(): Promise<void> {
    const { signal } = this;
    let fail = () => {};
    const abort = new Promise<never>((_, reject) => {
      fail = () => reject(interrupted(this.tried));
      if (signal?.aborted) fail();
      signal?.addEventListener("abort", fail, { once: true });
    });
    try {
      await Promise.race([this.ended, abort]);
    } finally {
      signal?.removeEventListener("abort", fail);
    }
  }

  private failure(cause: unknown): SkbookError {
    return new SkbookError({
      code: `${this.option.toUpperCase()}_FAILED`,
      tried: `${this.tried} while running what was given as \`${this.option}\``,
      failed: reasonOf(cause),
      todo: "correct it and run the cell again; what it accompanied was ended and is not kept",
      cause,
    });
  }
}
