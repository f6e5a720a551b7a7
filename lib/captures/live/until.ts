import { setTimeout as sleep } from "node:timers/promises";

const everyMs = 1_000;

/** Calls a function once a second until what it gives is true, or until it is stopped: the option `until`. */
export class Polling {
  times = 0;
  private readonly stopped = new AbortController();

  constructor(private readonly condition: (() => unknown) | undefined) {}

  /** Settles so many milliseconds after it was true, or when it was stopped. */
  async ended(settleMs: number): Promise<void> {
    const { signal } = this.stopped;
    const wait = (time: number) => sleep(time, undefined, { signal }).catch(() => {});
    while (!signal.aborted) {
      this.times += 1;
      if (await this.condition?.()) return wait(settleMs);
      await wait(everyMs);
    }
  }

  stop(): void {
    this.stopped.abort();
  }
}

/** The same in a replay: as often as it was asked, since what it asks may be recorded. */
export async function askedAgain(ask: () => unknown, times: number): Promise<void> {
  for (let asked = 0; asked < times; asked++) if (await ask()) return;
}
