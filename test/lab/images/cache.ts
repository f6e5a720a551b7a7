import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";

/** What nobody has used for so long is removed; so is what a build that was killed left behind. */
const hour = 3_600_000;
const keptMs = { finished: 14 * 24 * hour, unfinished: hour };

/** Where images are kept between runs. The tests, which have a cache of their own, name the user's. */
function cacheFolder(): string {
  return (
    process.env.SKBOOK_LAB_CACHE ??
    join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "skbook-lab")
  );
}

/** Something built: its folder, and what it was built of, for what is built on it. */
export interface Built {
  folder: string;
  key: string;
}

/**
 * Builds something once for each content: what it is made of is the name of its folder. It gets that name when it is whole, so that
 * neither a build that broke off nor another one at the same time does harm; one that another process has begun is waited for.
 *
 * @param content all that the result depends on.
 */
export async function built(
  name: string,
  content: readonly unknown[],
  build: (folder: string) => Promise<void>,
): Promise<Built> {
  const key = createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 16);
  const cache = cacheFolder();
  const folder = join(cache, `${name}-${key}`);
  while (!existsSync(folder) && (await isBuilding(folder)))
    await new Promise((later) => setTimeout(later, 500));
  if (existsSync(folder)) {
    const now = new Date();
    await utimes(folder, now, now);
    return { folder, key };
  }
  await mkdir(cache, { recursive: true });
  await removeUnused(cache);
  const work = await mkdtemp(`${folder}.building-${process.pid}-`);
  const started = performance.now();
  try {
    await build(work);
    await rename(work, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY") throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  console.error(`lab: built ${name} in ${((performance.now() - started) / 1_000).toFixed(1)} s`);
  return { folder, key };
}

/** Whether a process that still lives is building it. */
async function isBuilding(folder: string): Promise<boolean> {
  const prefix = `${basename(folder)}.building-`;
  const names = await readdir(dirname(folder)).catch(() => []);
  return names
    .filter((name) => name.startsWith(prefix))
    .some((name) => existsSync(`/proc/${name.slice(prefix.length).split("-")[0]}`));
}

async function removeUnused(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const folder = join(cache, name);
    const limit = name.includes(".building-") ? keptMs.unfinished : keptMs.finished;
    if (Date.now() - (await stat(folder)).mtimeMs > limit) await rm(folder, { recursive: true, force: true });
  }
}
