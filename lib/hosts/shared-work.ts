import { type Patience, within } from "./wait.js";

interface Running<Result> {
  work: Promise<Result>;
  waiting: number;
  off: AbortController;
}

/** Something that is done once, for all calls that need it. Where it fails, or a call gives it up, a later call begins it anew. */
export class SharedWork<Result> {
  private running: Running<Result> | undefined;

  /** @param begin its signal says that nobody waits for it any more. */
  constructor(private readonly begin: (signal: AbortSignal) => Promise<Result>) {}

  async get(tried: string, patience: Patience): Promise<Result> {
    const run = this.running ?? this.start();
    this.running = run;
    run.waiting += 1;
    try {
      return await within(run.work, tried, patience);
    } catch (error) {
      if (this.running === run) this.running = undefined;
      if (run.waiting === 1) run.off.abort(error);
      throw error;
    } finally {
      run.waiting -= 1;
    }
  }

  forget(): void {
    this.running = undefined;
  }

  private start(): Running<Result> {
    const off = new AbortController();
    return { work: this.begin(off.signal), waiting: 0, off };
  }
}
