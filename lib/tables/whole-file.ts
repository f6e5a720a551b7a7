import { randomUUID } from "node:crypto";
import { link, rename, rm, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { SkbookError, writeFailure } from "../errors/index.js";

/**
 * Writes a file whole or not at all: `write` gets another name beside the target, and its file is moved there in one step.
 *
 * @throws SkbookError `FILE_EXISTS` unless `overwrite`, `WRITE_FAILED`, `DISK_FULL`, `QUOTA_EXCEEDED`; what `write` itself throws as SkbookError passes.
 */
export async function writeWhole<T>(
  path: string,
  overwrite: boolean,
  write: (partial: string) => Promise<T>,
): Promise<T> {
  const target = resolve(path);
  const partial = `${target}.${randomUUID()}.partial`;
  if (!overwrite && (await exists(target))) throw fileExists(target);
  try {
    const result = await write(partial);
    if (overwrite) await rename(partial, target);
    else await link(partial, target);
    return result;
  } catch (error) {
    if (error instanceof SkbookError) throw error;
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw fileExists(target);
    const todo = "give a path in a folder that exists and can be written to";
    throw writeFailure({ code: "WRITE_FAILED", path: target, todo }, error);
  } finally {
    await rm(partial, { force: true }).catch(() => {});
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function fileExists(path: string): SkbookError {
  return new SkbookError({
    code: "FILE_EXISTS",
    tried: `write ${path}`,
    failed: "there is a file of that name",
    todo: "give another path, or {overwrite: true}",
  });
}
