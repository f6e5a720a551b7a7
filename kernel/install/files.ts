import { access, mkdir, readdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Files of one folder by name, with their contents. */
export type Files = Readonly<Record<string, string>>;

/** Writes files into a folder; resolves to their paths. */
export async function writeFiles(folder: string, files: Files): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    // A Jupyter that is running may read it at any moment.
    const temporary = join(folder, `.${name}.${process.pid}`);
    await writeFile(temporary, content);
    await rename(temporary, join(folder, name));
  }
  return Object.keys(files).map((name) => join(folder, name));
}

/** Removes what {@link writeFiles} has written, nothing else; resolves to the paths of what was there, and of what stays. */
export async function removeFiles(
  folder: string,
  names: readonly string[],
): Promise<{ removed: string[]; left: string[] }> {
  const removed: string[] = [];
  for (const name of names) {
    const path = join(folder, name);
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (!isThere) continue;
    await rm(path);
    removed.push(path);
  }
  const left = (await readdir(folder).catch(() => [])).map((name) => join(folder, name));
  if (removed.length > 0 && left.length === 0) await rmdir(folder);
  return { removed, left };
}
