import { reasonOf, SkbookError } from "../../errors.js";

/** Runs what the caller wants to happen during a capture. */
export async function accompany(during: (() => unknown) | undefined): Promise<void> {
  try {
    await during?.();
  } catch (cause) {
    throw new SkbookError({
      code: "DURING_FAILED",
      tried: "run what was given as `during` while capturing",
      failed: reasonOf(cause),
      todo: "correct it and run the cell again; the capture was ended and is not kept",
      cause,
    });
  }
}
