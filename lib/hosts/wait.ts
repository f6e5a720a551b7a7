import { SkbookError } from "../errors/index.js";

/** How long something may be waited for, by this process's clock. */
export interface Patience {
  seconds: number;
  /** Ends the wait: it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Timers of Node wait no longer than 2^31 ms; a longer one is over at once. With some room for what is added to a deadline. */
export const mostSeconds = 2_000_000;

/**
 * Waits for something no longer than patience allows. What is waited for goes on by itself, unless `letGo` ends it.
 *
 * @param tried what it is for, as errors say it.
 * @throws SkbookError `DEADLINE`; the signal's reason.
 */
export async function within<Result>(
  work: Promise<Result>,
  tried: string,
  { seconds, signal }: Patience,
  letGo: () => void = () => {},
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  let cancel = () => {};
  const over = new Promise<never>((_, reject) => {
    cancel = () => reject(signal?.reason);
    if (signal?.aborted) return cancel();
    signal?.addEventListener("abort", cancel, { once: true });
    timer = setTimeout(() => reject(noAnswer(tried, seconds)), seconds * 1_000);
  });
  over.catch(letGo);
  work.catch(() => {});
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", cancel);
  }
}

/** What a host did not do in time. */
export function noAnswer(tried: string, seconds: number): SkbookError {
  return new SkbookError({
    code: "DEADLINE",
    tried,
    failed: `the host did not answer within ${seconds} s`,
    todo: "see whether it is overloaded, whether something in its login scripts, its sudo or its disks hangs, and whether a password was asked for",
  });
}
