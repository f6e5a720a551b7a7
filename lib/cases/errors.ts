import { reasonOf, SkbookError, writeFailure } from "../errors/index.js";

/** The error of something in a case that is not as it was recorded. */
export function damagedCase(path: string, failed: string, line?: number): SkbookError {
  return new SkbookError({
    code: "CASE_DAMAGED",
    tried: line === undefined ? `read ${path}` : `read line ${line} of ${path}`,
    failed,
    todo: "get the case again from where it was recorded; what is damaged is never replayed",
    details: line === undefined ? { path } : { path, line },
  });
}

/** What a missing permission becomes; a full disk has a code of its own. */
export function caseWriteFailed(path: string, error: unknown): SkbookError {
  const todo = "give a folder that can be written to; what was recorded before is intact";
  return writeFailure({ code: "CASE_WRITE_FAILED", path, todo }, error);
}

/** The error of a path that is no case. */
export function notACase(path: string, failed: string): SkbookError {
  return new SkbookError({
    code: "NOT_A_CASE",
    tried: `open the case ${path}`,
    failed,
    todo: "give the folder that a run was recorded into (it holds case.json), and a version of skbook that knows its format",
  });
}

/** The error of a folder that may be a case, of a user who may not look. */
export function notReadable(path: string, error: unknown): SkbookError {
  return new SkbookError({
    code: "NOT_A_CASE",
    tried: `open the case ${path}`,
    failed: `it can't be looked into: ${reasonOf(error)}`,
    todo: "ask its owner for a copy, or to let you read it: what is recorded can be read by its user only",
    cause: error,
  });
}
