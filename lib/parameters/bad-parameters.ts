import { z } from "zod";
import { SkbookError } from "../errors/index.js";

/** The error for what a function was asked and does not take, before anything was run. */
export function badParameters(caller: string, error: z.ZodError): SkbookError {
  return new SkbookError({
    code: "BAD_PARAMETER",
    tried: `read the parameters of ${caller}; nothing was run`,
    failed: z.prettifyError(error),
    todo: `correct them; Shift-Tab on ${caller} shows what it takes`,
    details: { issues: error.issues.map(({ path, message }) => ({ path: path.join("."), message })) },
  });
}
