import { chmod, mkdir, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { makeOwnFolder } from "../../tables/index.js";

const defaultBytes = 4 * 2 ** 30;

/** Entries together take no more than this: `SKBOOK_CACHE_BYTES`, default 4 GiB; 0 keeps nothing. */
export function cacheBytes(): number {
  const given = Number(process.env.SKBOOK_CACHE_BYTES ?? Number.NaN);
  return Number.isNaN(given) ? defaultBytes : given;
}

/** Small answers that are kept beside the Tables of packets. */
export type AnswerKind = "fields" | "facts" | "version";

/** Where entries of a kind are kept, readable by the user only; null where that can't be. */
export async function cacheFolder(kind: "packets" | AnswerKind): Promise<string | null> {
  if (cacheBytes() === 0) return null;
  const base = process.env.XDG_CACHE_HOME ?? "";
  try {
    const folder = join(isAbsolute(base) ? base : join(homedir(), ".cache"), "skbook", kind);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    return folder;
  } catch {
    return null;
  }
}

/** Removes the entries that were used the longest ago, until the rest is within the bound. */
export async function evict(folder: string, keep: string): Promise<void> {
  const entries = (await Promise.all((await readdir(folder)).map((name) => measure(folder, name)))).filter(
    (entry) => entry !== null,
  );
  let total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { name, bytes } of entries.sort((a, b) => a.used - b.used)) {
    if (total <= cacheBytes()) return;
    if (name === keep) continue;
    await remove(folder, name);
    total -= bytes;
  }
}

/** Moves an entry away before it removes it, so that nobody finds half of it. */
export async function remove(folder: string, name: string): Promise<void> {
  const away = makeOwnFolder(folder, "partial");
  await rename(join(folder, name), join(away, "entry")).catch(() => {});
  await rm(away, { recursive: true, force: true }).catch(() => {});
}

/** Says that an entry was used now. */
export async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => {});
}

async function measure(folder: string, name: string) {
  try {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path);
    const { files } = JSON.parse(await readFile(join(path, "entry.json"), "utf8")) as {
      files: { bytes: number }[];
    };
    return { name, used: mtimeMs, bytes: files.reduce((sum, file) => sum + file.bytes, 0) };
  } catch {
    // Being written or being removed by somebody else.
    return null;
  }
}
