import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { replaying } from "../../cases/index.js";
import { callSignal, interrupted } from "../../cell/index.js";
import { ConcurrentTask } from "../../concurrent/index.js";
import { badParameters } from "../../parameters/index.js";
import { watched } from "../../progress/index.js";
import type { Host } from "../host.js";
import { type Reading, readUntil } from "../read-sections.js";

/** What counters are asked that are read twice. */
export interface CounterOptions {
  /** Time between the two readings, in seconds: 0.5 to 3600, default 10; with `during`, at most. */
  seconds?: number;
  /** Called once the counters are read, which are read again when it is over: the traffic that they are to count. Called in a replay too. */
  during?: () => unknown;
}

const Options = z.strictObject({
  seconds: z.number().min(0.5).max(3_600).default(10),
  during: z.custom<() => unknown>((value) => typeof value === "function", "has to be a function").optional(),
});

/** A host with a thousand devices answers in a few seconds; one under emulation takes longer. */
export const deadlineSeconds = 90;
/** Prints how long the host has been up, in seconds: what rates are by. */
export const printUptime = "read -r up _ </proc/uptime; echo $up";
/** How long the last packets of what was done meanwhile are still on their way when it is over. */
const settleMs = 500;

/**
 * Runs a script of ours on a host, waits, and runs it again.
 *
 * @param caller the function that was called, for errors.
 * @param name what the case knows the readings by.
 */
export async function readTwice(
  host: Host,
  caller: string,
  name: string,
  script: string,
  options: CounterOptions,
): Promise<[before: Reading, after: Reading]> {
  const parsed = Options.safeParse(options);
  if (!parsed.success) throw badParameters(caller, parsed.error);
  const { seconds, during } = parsed.data;
  const tried = `read the counters of ${host.name}`;
  const read = (moment: string) => readUntil(deadlineSeconds, host, name, script, [], { moment, seconds });
  const before = await read("before");
  const stopped = new AbortController();
  const settle = (await replaying()) ? 0 : settleMs;
  const task = new ConcurrentTask(tried, during, { settleMs: settle, stop: () => stopped.abort() });
  task.begin();
  if (!(await replaying())) await pause(tried, seconds, stopped);
  const after = await read("after");
  await task.over();
  return [before, after];
}

/** Waits so many seconds, until `stopped`, or until the cell is interrupted. */
async function pause(tried: string, seconds: number, stopped: AbortController): Promise<void> {
  const signal = callSignal();
  const stop = () => stopped.abort();
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  const began = performance.now();
  const standing = () => {
    const elapsed = Math.min(seconds, (performance.now() - began) / 1_000);
    return { part: elapsed / seconds, facts: [`${elapsed.toFixed(1)} of ${seconds} s`] };
  };
  try {
    await watched(tried, standing, () =>
      sleep(seconds * 1_000, undefined, { signal: stopped.signal }).catch(() => {}),
    );
  } finally {
    signal?.removeEventListener("abort", stop);
  }
  if (signal?.aborted) throw interrupted(tried);
}
