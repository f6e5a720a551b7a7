import { realpath, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { notACase, notReadable } from "./errors.js";
import { manifestFile } from "./folder.js";

/** The variable in which the `skbook` command tells the kernels below it where it was started. */
const shellFolder = "SKBOOK_STARTED_IN";

/**
 * The absolute path of a case that a cell names: beside the notebook, else from the folder where skbook was started, else, by its
 * name alone, among the cases that skbook brings along.
 *
 * @throws SkbookError `NOT_A_CASE` with all paths that were tried, and where one of them may not be read.
 */
export async function findCase(path: string): Promise<string> {
  const tried = placesOf(path);
  for (const folder of tried) {
    const failed = await stat(join(folder, manifestFile)).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error,
    );
    // Links lead to a case that the reader named, never within one.
    if (failed === undefined) return realpath(folder);
    // A case is its user's only, unless they say otherwise.
    if (failed.code === "EACCES") throw notReadable(folder, failed);
  }
  throw notACase(path, `there is no ${manifestFile} in ${tried.join(", nor in ")}`);
}

function placesOf(path: string): string[] {
  if (isAbsolute(path)) return [path];
  // Kernels work in the folder of their notebook.
  const places = [resolve(path)];
  const started = process.env[shellFolder];
  if (started) places.push(resolve(started, path));
  const own = ownCases();
  if (own !== undefined && path === basename(path)) places.push(join(own, path));
  return [...new Set(places)];
}

function ownCases(): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("skbook/package.json")), "datasets");
  } catch {
    return undefined;
  }
}
