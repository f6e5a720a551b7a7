import { setTimeout as sleep } from "node:timers/promises";
import { callSignal, interrupted } from "../cell.js";

/** The last events of what was done meanwhile are still on their way when it is over. */
const settleMilliseconds = 500;

/** What a caller does while a probe is attached; the probe ends with it. */
export class Company {
  private ended: Promise<unknown> = Promise.resolve();
  private readonly signal = callSignal();

  constructor(
    private readonly during: (() => unknown) | undefined,
    private readonly stop: () => void,
  ) {}

  begin(): void {
    const { during } = this;
    if (during === undefined) return;
    this.ended = (async () => {
      try {
        await during();
        await sleep(settleMilliseconds);
      } finally {
        this.stop();
      }
    })();
    this.ended.catch(() => {});
  }

  /** Waits for it, and fails as it failed. */
  async over(): Promise<void> {
    const { signal } = this;
    const abort = new Promise<never>((_, reject) => {
      const fail = () => reject(interrupted("wait for what is done during a probe"));
      if (signal?.aborted) fail();
      signal?.addEventListener("abort", fail, { once: true });
    });
    await Promise.race([this.ended, abort]);
  }
}
