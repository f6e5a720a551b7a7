import { reasonOf, SkbookError } from "./error.js";

/** What a write that failed becomes, unless the disk or the quota is full. */
interface WriteFacts {
  code: string;
  path: string;
  todo: string;
}

/**
 * The error of a write that failed: `DISK_FULL` without room on the file system, `QUOTA_EXCEEDED` where the user's quota is used up, else the
 * code that is given.
 */
export function writeFailure({ code, path, todo }: WriteFacts, error: unknown): SkbookError {
  const full = fullness(error);
  return new SkbookError({
    code: full?.code ?? code,
    tried: `write ${path}`,
    failed: reasonOf(error),
    todo:
      full === undefined
        ? todo
        : `${full.todo}, or write to another file system; nothing half-written is used`,
    cause: error,
  });
}

/** Whether something failed for want of room or quota. */
export function isFull(error: unknown): boolean {
  return fullness(error) !== undefined;
}

const kinds = [
  {
    errno: "ENOSPC",
    // The second one is DuckDB's, which may use nearly all that is left for what does not fit into memory.
    texts: ["No space left on device", "max_temp_directory_size"],
    code: "DISK_FULL",
    todo: "make room there (df -h, and df -i for files)",
  },
  {
    errno: "EDQUOT",
    texts: ["Disk quota exceeded"],
    code: "QUOTA_EXCEEDED",
    todo: "make room within the quota (quota -s)",
  },
];

/** By its number, or its words where a library only hands these on (DuckDB, tools that were run). */
function fullness(error: unknown): (typeof kinds)[number] | undefined {
  const errno = (error as NodeJS.ErrnoException | null)?.code;
  const reason = reasonOf(error);
  return (
    kinds.find((kind) => kind.errno === errno) ??
    kinds.find(({ texts }) => texts.some((text) => reason.includes(text)))
  );
}
