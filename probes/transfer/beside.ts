import { SkbookError } from "../../lib/errors/index.js";

/** Something that looks on while something else is done: a probe, a capture. */
export interface Part<Result> {
  /** As a reader knows it: `tcpEvents on host`. */
  name: string;
  /** Looks on until `during` is over. */
  run(during: () => Promise<void>): Promise<Result>;
}

/** What a part saw, or why it saw nothing. */
export type Outcome<Result> = { seen: Result; note: null } | { seen: null; note: string };

/**
 * Does something while parts look on: it begins when each of them does, or has failed, and they end with it. A part that fails is a note; the failure of what is done, or an interrupt, is an error. All of them are over when this is.
 */
export async function beside<Parts extends readonly Part<unknown>[]>(
  parts: Parts,
  done: () => Promise<unknown>,
): Promise<{ [At in keyof Parts]: Outcome<Parts[At] extends Part<infer Result> ? Result : never> }> {
  let end = () => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  const running = parts.map((part) => {
    let begin = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const outcome = part
      .run(() => {
        begin();
        return over;
      })
      .then(
        (seen) => ({ seen, note: null, error: null }),
        (error: unknown) => ({ seen: null, note: noteOf(part.name, error), error }),
      )
      .finally(() => begin());
    return { begun, outcome };
  });
  await Promise.all(running.map(({ begun }) => begun));
  try {
    await done();
  } finally {
    end();
    await Promise.all(running.map(({ outcome }) => outcome));
  }
  const outcomes = await Promise.all(running.map(({ outcome }) => outcome));
  const wrong = outcomes.find(({ error }) => error !== null && !isKnown(error));
  if (wrong !== undefined) throw wrong.error;
  return outcomes.map(({ seen, note }) => ({ seen, note })) as never;
}

/** Whether the rest of an answer may stand without a part that failed so. */
function isKnown(error: unknown): boolean {
  return error instanceof SkbookError && error.code !== "INTERRUPTED";
}

function noteOf(name: string, error: unknown): string {
  return error instanceof SkbookError
    ? `${name} is missing: ${error.code}: ${error.failed}; ${error.todo}`
    : name;
}
