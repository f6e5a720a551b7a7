import { createHash } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { writeWhole } from "../../tables/index.js";

/** A kernel's take 6 MB, and change with its release: a fleet of some tens of releases. */
const maxBytes = 256 * 2 ** 20;
const maxEntries = 256;

/** An entry's name: what it is the BTF of, and the hash of its content. */
const entryName = /^(\w+)-([0-9a-f]{64})$/;

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** All that is kept under a name, by hash. */
export async function keptUnder(name: string): Promise<Map<string, Uint8Array>> {
  const folder = await ownFolder();
  const entries = folder === null ? [] : await readdir(folder).catch(() => []);
  const found = new Map<string, Uint8Array>();
  for (const entry of entries) {
    const [, of, hash = ""] = entryName.exec(entry) ?? [];
    const bytes = of === name ? await kept(name, hash) : null;
    if (bytes !== null) found.set(hash, bytes);
  }
  return found;
}

/** What is kept; null where it isn't, or is no longer what it was. */
export async function kept(name: string, hash: string): Promise<Uint8Array | null> {
  const folder = await ownFolder();
  if (folder === null || !entryName.test(`${name}-${hash}`)) return null;
  const path = join(folder, `${name}-${hash}`);
  const bytes = await readFile(path).catch(() => null);
  if (bytes === null) return null;
  if (sha256(bytes) !== hash) {
    await rm(path, { force: true }).catch(() => {});
    return null;
  }
  const now = new Date();
  await utimes(path, now, now).catch(() => {});
  return bytes;
}

/** Keeps it where that can be, and lets go of what was used the longest ago. */
export async function keep(name: string, bytes: Uint8Array): Promise<void> {
  const folder = await ownFolder();
  if (folder === null) return;
  const path = join(folder, `${name}-${sha256(bytes)}`);
  await writeWhole(path, true, (partial) => writeFile(partial, bytes, { mode: 0o600 }))
    .then(() => evict(folder))
    .catch(() => {});
}

/** Readable by the user only; null where nothing is to be kept (`SKBOOK_CACHE_BYTES` is 0), or it can't be. */
async function ownFolder(): Promise<string | null> {
  if (roomFor() === 0) return null;
  const base = process.env.XDG_CACHE_HOME ?? "";
  try {
    const folder = join(isAbsolute(base) ? base : join(homedir(), ".cache"), "skbook", "btf");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    return folder;
  } catch {
    return null;
  }
}

function roomFor(): number {
  const given = Number(process.env.SKBOOK_CACHE_BYTES ?? Number.NaN);
  return Number.isNaN(given) ? maxBytes : Math.min(given, maxBytes);
}

async function evict(folder: string): Promise<void> {
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const path = join(folder, name);
      const { size, mtimeMs } = await stat(path).catch(() => ({ size: 0, mtimeMs: 0 }));
      return { path, size, used: mtimeMs };
    }),
  );
  let room = roomFor();
  for (const [at, { path, size }] of files.sort((a, b) => b.used - a.used).entries()) {
    room -= size;
    if (room < 0 || at >= maxEntries) await rm(path, { force: true }).catch(() => {});
  }
}
