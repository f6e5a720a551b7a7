import { chmodSync, lstatSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/**
 * A folder for what a start would else do again, which is code: nobody but the user may write to it. Undefined where
 * nothing is to be kept (`SKBOOK_CACHE_BYTES` is 0), or it can't be.
 */
export function codeFolder(kind: "compiler" | "modules"): string | undefined {
  if (Number(process.env.SKBOOK_CACHE_BYTES || Number.NaN) === 0) return undefined;
  const base = process.env.XDG_CACHE_HOME ?? "";
  try {
    const all = join(isAbsolute(base) ? base : join(homedir(), ".cache"), "skbook");
    const folder = join(all, kind);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Whoever may write to the folder above could put another one in its place.
    if (!isOwn(all)) chmodSync(all, 0o700);
    return isOwn(all) && isOwn(folder) ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a file belongs to this user, and nobody else may write to it. */
export function isOwn(path: string): boolean {
  const { uid, mode } = lstatSync(path);
  return (process.getuid === undefined || uid === process.getuid()) && (mode & 0o022) === 0;
}
