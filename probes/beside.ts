import { SkbookError } from "../lib/errors/index.js";

/** Something that looks on while something else is done: a probe, a capture. */
export interface Part<Result> {
  /** As a reader knows it: `tcpEvents at the sender, host,`. */
  name: string;
  /** Looks on until `during` is over. */
  run(during: () => Promise<void>): Promise<Result>;
}

/** Parts by what their results are called. */
export type Parts = { readonly [name: string]: Part<unknown> | undefined };

/** What a part saw, or why it saw nothing: a note, and the code of its error. */
export type Outcome<Result> =
  | { seen: Result; note: null; code: null }
  | { seen: null; note: string; code: string };

/** The outcomes of parts, by the same names. */
export type Outcomes<All extends Parts> = {
  [Name in keyof All]: Outcome<All[Name] extends Part<infer Result> | undefined ? Result : never>;
};

/**
 * Does something while parts look on: they are attached one after the other, which is work for a host, then it begins, and they end with it. A part that fails is a note; the failure of
 * what is done, an interrupt, or parameters that a part doesn't take are errors. All parts are over when this is.
 */
export async function beside<All extends Parts>(
  parts: All,
  done: () => Promise<unknown>,
): Promise<Outcomes<All>> {
  let end = () => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  const outcomes: [name: string, outcome: Promise<Outcome<unknown>>][] = [];
  try {
    for (const [name, part] of Object.entries(parts)) {
      if (part === undefined) continue;
      const { begun, outcome } = start(part, over);
      outcomes.push([name, outcome]);
      await begun;
    }
    await done();
  } finally {
    end();
    await Promise.allSettled(outcomes.map(([, outcome]) => outcome));
  }
  const ended = await Promise.all(outcomes.map(async ([name, outcome]) => [name, await outcome]));
  return Object.fromEntries(ended);
}

/** `begun` settles when the part looks on, or has failed: with an error where nothing may stand without it. */
function start<Result>({ name, run }: Part<Result>, over: Promise<void>) {
  let begin = () => {};
  const looking = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const outcome = run(() => {
    begin();
    return over;
  }).then(
    (seen): Outcome<Result> => ({ seen, note: null, code: null }),
    (error: unknown): Outcome<Result> => {
      if (!(error instanceof SkbookError) || fatal.includes(error.code)) throw error;
      const { code, failed, todo } = error;
      return { seen: null, note: `${name} is missing: ${code}: ${failed}; ${todo}`, code };
    },
  );
  return { begun: Promise.race([looking, outcome.then(() => {})]), outcome };
}

const fatal = ["INTERRUPTED", "BAD_PARAMETER"];

/** Of parts that failed, the notes, and the codes of their errors. */
export function missingOf(outcomes: { readonly [name: string]: Outcome<unknown> | undefined }) {
  return Object.values(outcomes).flatMap((one) =>
    one === undefined || one.note === null ? [] : [{ note: one.note, code: one.code }],
  );
}
