import pLimit from "p-limit";
import { z } from "zod";
import { callSignal, interrupted } from "../cell/index.js";
import { reasonOf, SkbookError } from "../errors/index.js";
import { badParameters } from "../parameters/index.js";
import { completeProvenance, createFrame, type Frame, type Table, together } from "../tables/index.js";
import type { Host } from "./host.js";

/** What a call gave on one host: a result or an error. */
export type HostResult<Result> =
  | { host: string; result: Result; error: null }
  | { host: string; result: null; error: SkbookError };

/** What a call gave on each of several hosts, in the order of the hosts. */
export class HostResults<Result> {
  constructor(readonly all: readonly HostResult<Result>[]) {}

  /** The result of one host; throws its error, where it failed. */
  of(host: string): Result {
    const found = this.all.find((one) => one.host === host);
    if (found === undefined) throw noSuchHost(host, this.all);
    if (found.error !== null) throw found.error;
    return found.result;
  }

  /**
   * The hosts where the call failed.
   *
   * Columns: `host`, `code` (of the error), `tried`, `failed`, `todo`.
   */
  get failures(): Frame {
    const failed = this.all.flatMap(({ host, error }) =>
      error === null ? [] : [[host, error.code, error.tried, error.failed, error.todo]],
    );
    return createFrame(
      [
        { name: "host", type: "VARCHAR", meaning: "where the call failed" },
        { name: "code", type: "VARCHAR", meaning: "the error's stable code" },
        { name: "tried", type: "VARCHAR", meaning: "what was tried" },
        { name: "failed", type: "VARCHAR", meaning: "what failed" },
        { name: "todo", type: "VARCHAR", meaning: "what to do next" },
      ],
      failed,
      completeProvenance("onAll"),
    );
  }

  /**
   * The rows of all hosts, with a column `host` before the others: a Frame of Frames, a Table of Tables. Hosts that failed are named in its
   * notes, and it is partial. Times of two hosts are of two clocks: `clockOffset()` says by how much they differ, and how sure that is.
   *
   * @throws SkbookError `ALL_HOSTS_FAILED`, `BAD_PARAMETER` where the columns are not the same.
   */
  async together(this: HostResults<Frame>): Promise<Frame>;
  async together(this: HostResults<Table>): Promise<Table>;
  async together(this: HostResults<Frame> | HostResults<Table>): Promise<Frame | Table> {
    const results = this.all as readonly HostResult<Frame | Table>[];
    const failed = results.flatMap(({ host, error }) => (error === null ? [] : [{ host, error }]));
    if (failed.length === results.length) throw allFailed(failed);
    return together(
      "host",
      "the host that the row is of",
      results.flatMap(({ host, result }) => (result === null ? [] : [[host, result] as const])),
      failed.map(({ host, error }) => `${host} is missing: ${error.code}: ${error.failed}`),
    );
  }
}

const Options = z.strictObject({ atOnce: z.int().min(1).default(32) });

/**
 * Calls a function for several hosts at once. One host that fails doesn't spoil the others: its error is among the results.
 *
 * @param hosts each once.
 * @param call what to do with a host.
 * @param options.atOnce how many hosts are worked on at the same time. Default 32.
 * @throws SkbookError `INTERRUPTED`, `BAD_PARAMETER`; what the function throws for a host is among the results, `CALL_FAILED` where it is no SkbookError.
 * @example const drops = await onAll(hosts, (host) => dropSummary(host, { seconds: 10 }));
 * await drops.together()
 */
export async function onAll<Result>(
  hosts: readonly Host[],
  call: (host: Host) => Promise<Result>,
  options: { atOnce?: number } = {},
): Promise<HostResults<Result>> {
  const twice = hosts.find(({ name }, index) => hosts.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) throw givenTwice(twice.name);
  const { data, error } = Options.safeParse(options);
  if (data === undefined) throw badParameters("onAll", error);
  const signal = callSignal();
  const limit = pLimit(data.atOnce);
  const calls = Promise.all(
    hosts.map((host) =>
      limit(async (): Promise<HostResult<Result>> => {
        try {
          return { host: host.name, result: await call(host), error: null };
        } catch (error) {
          return { host: host.name, result: null, error: asError(host.name, error) };
        }
      }),
    ),
  );
  const results = await untilGivenUp(calls, signal);
  if (results === null || signal?.aborted) throw interrupted(`work on ${hosts.length} hosts`);
  return new HostResults(results);
}

/** What skbook began ends within seconds of an interrupt; what else the function waits for may never come. */
const giveUpMilliseconds = 30_000;

/** Waits for all calls; null where they went on for too long after an interrupt. */
async function untilGivenUp<Result>(
  calls: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result | null> {
  if (signal === undefined) return calls;
  let timer: NodeJS.Timeout | undefined;
  let cancel = () => {};
  const givenUp = new Promise<null>((resolve) => {
    cancel = () => {
      timer = setTimeout(() => resolve(null), giveUpMilliseconds);
    };
    if (signal.aborted) cancel();
    signal.addEventListener("abort", cancel, { once: true });
  });
  try {
    return await Promise.race([calls, givenUp]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", cancel);
  }
}

function asError(host: string, error: unknown): SkbookError {
  if (error instanceof SkbookError) return error;
  return new SkbookError({
    code: "CALL_FAILED",
    tried: `run a function for ${host}`,
    failed: reasonOf(error),
    todo: "correct the function that was given to onAll",
    cause: error,
  });
}

function allFailed(failed: readonly { host: string; error: SkbookError }[]): SkbookError {
  return new SkbookError({
    code: "ALL_HOSTS_FAILED",
    tried: "put the results of several hosts together",
    failed: failed.map(({ host, error }) => `${host}: ${error.code}`).join(", ") || "there is no host",
    todo: "see the failures of what onAll returned",
  });
}

function noSuchHost(host: string, all: readonly { host: string }[]): SkbookError {
  return new SkbookError({
    code: "BAD_PARAMETER",
    tried: `find the result of ${host}`,
    failed: `the hosts are ${all.map((one) => one.host).join(", ")}`,
    todo: "give one of them",
  });
}

function givenTwice(host: string): SkbookError {
  return new SkbookError({
    code: "BAD_PARAMETER",
    tried: "work on several hosts",
    failed: `${host} is given twice`,
    todo: "give every host once",
  });
}
