import { reasonOf, SkbookError } from "../errors/index.js";

/**
 * Reads what a host said. What is not as it was expected ends in an error that names the host.
 *
 * @param what it says, as errors have it: `the counters`.
 * @throws SkbookError `BAD_ANSWER`, and those of `read`.
 */
export async function understood<Result>(
  host: string,
  what: string,
  read: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof SkbookError) throw cause;
    throw new SkbookError({
      code: "BAD_ANSWER",
      tried: `read ${what} of ${host}`,
      failed: reasonOf(cause),
      todo: "look at what the host's own tools say there; something may write between their lines, or they are others than usual",
      cause,
    });
  }
}
