import { setTimeout as sleep } from "node:timers/promises";

const everyMs = 1_000;

/** A question that is asked again and again, until the answer is yes or nobody wants to know any more: the option `until`. */
export class Question {
  times = 0;
  private readonly unwanted = new AbortController();

  constructor(private readonly ask: (() => unknown) | undefined) {}

  /** Settles so many milliseconds after the answer was yes, or when the question was withdrawn. */
  async answered(settleMs: number): Promise<void> {
    const { signal } = this.unwanted;
    const wait = (time: number) => sleep(time, undefined, { signal }).catch(() => {});
    while (!signal.aborted) {
      this.times += 1;
      if (await this.ask?.()) return wait(settleMs);
      await wait(everyMs);
    }
  }

  withdraw(): void {
    this.unwanted.abort();
  }
}

/** The same in a replay: as often as it was asked, since what it asks may be recorded. */
export async function askedAgain(ask: () => unknown, times: number): Promise<void> {
  for (let asked = 0; asked < times; asked++) if (await ask()) return;
}
