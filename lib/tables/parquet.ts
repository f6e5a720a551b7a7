import { link, rename, rm, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { reasonOf, SkbookError } from "../errors.js";
import { quoted } from "./column.js";

/** Writes beside the target and moves it there in one step, so that no half file is ever seen under the name. */
export async function writeParquet(
  connection: DuckDBConnection,
  table: string,
  path: string,
  overwrite: boolean,
): Promise<void> {
  const target = resolve(path);
  const partial = `${target}.${process.pid}.partial`;
  if (!overwrite && (await exists(target))) throw fileExists(target);
  try {
    const literal = `'${partial.replaceAll("'", "''")}'`;
    await connection.run(`COPY ${quoted(table)} TO ${literal} (FORMAT parquet, COMPRESSION zstd)`);
    if (overwrite) await rename(partial, target);
    else await link(partial, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw fileExists(target);
    throw new SkbookError({
      code: "WRITE_FAILED",
      tried: `write ${target}`,
      failed: reasonOf(error),
      todo: "give a path in a folder that exists, can be written to and has room",
      cause: error,
    });
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
