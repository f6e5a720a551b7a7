import { mkdtemp, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { writeFailure } from "../../errors/index.js";
import { makeOwnFolder, scratchFolder } from "../../tables/index.js";
import { cacheFolder, evict, remove, touch } from "./folder.js";

const entryFile = "entry.json";

const Entry = z.object({
  files: z.array(z.object({ name: z.string(), bytes: z.number() })),
  /** How the run that made it ended. */
  outcome: z.unknown(),
});

/** A Table of an earlier run: its Parquet files, and how that run ended. */
export interface CachedTable {
  paths: string[];
  outcome: unknown;
}

/** Finds what was kept under a key; null when there is nothing, or it isn't whole. */
export async function cachedTable(key: string): Promise<CachedTable | null> {
  const folder = await cacheFolder("packets");
  if (folder === null) return null;
  const path = join(folder, key);
  try {
    const { files, outcome } = Entry.parse(JSON.parse(await readFile(join(path, entryFile), "utf8")));
    for (const { name, bytes } of files) {
      if ((await stat(join(path, name))).size !== bytes) throw new Error(`${name} was cut short`);
    }
    await touch(path);
    return { paths: files.map(({ name }) => join(path, name)), outcome };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") await remove(folder, key);
    return null;
  }
}

/** A folder for a Table that is being made. */
export interface Workplace {
  folder: string;
  /** Keeps its files under the key, and says where they are then. */
  keep(paths: readonly string[], outcome: unknown): Promise<string[]>;
  discard(): Promise<void>;
}

/** Without a key, or where nothing can be kept, the files end with this process. */
export async function openWorkplace(key: string | null): Promise<Workplace> {
  const kept = key === null ? null : await cacheFolder("packets");
  const folder =
    kept === null ? await mkdtemp(join(scratchFolder(), "table-")) : makeOwnFolder(kept, "partial");
  const discard = () => rm(folder, { recursive: true, force: true });
  return {
    folder,
    discard,
    async keep(paths, outcome) {
      if (kept === null || key === null) return [...paths];
      const target = join(kept, key);
      await seal(folder, paths, outcome).catch((error) => {
        const todo = "let it be written to: XDG_CACHE_HOME says where";
        throw writeFailure({ code: "WRITE_FAILED", path: folder, todo }, error);
      });
      await remove(kept, key);
      // Somebody else may just have kept the same.
      const moved = await rename(folder, target).then(
        () => true,
        () => false,
      );
      await evict(kept, key);
      return moved ? paths.map((path) => join(target, basename(path))) : [...paths];
    },
  };
}

/** After this, a crash leaves all of it or nothing that would be taken for it. */
async function seal(folder: string, paths: readonly string[], outcome: unknown): Promise<void> {
  const files = await Promise.all(
    paths.map(async (path) => {
      await syncFile(path);
      return { name: basename(path), bytes: (await stat(path)).size };
    }),
  );
  await writeFile(join(folder, entryFile), JSON.stringify({ files, outcome }), { mode: 0o600 });
  await syncFile(join(folder, entryFile));
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
