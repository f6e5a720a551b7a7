import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Json } from "../../cases/index.js";

const rooms = ["../base/", "../fields/", "../packets/", "../shards/", "../../tables/"];
const hashes = new Map<string, Promise<string>>();

/**
 * The key of all that decides about a Table's rows, the code that reads them included.
 *
 * @param code folder of an analysis that reads columns of its own.
 */
export async function cacheKey(parts: { [name: string]: Json }, code?: URL): Promise<string> {
  const folders = [
    ...rooms.map((room) => new URL(room, import.meta.url)),
    ...(code === undefined ? [] : [code]),
  ];
  return sha256(JSON.stringify([...(await Promise.all(folders.map(hashOfFolder))), parts]));
}

function hashOfFolder(folder: URL): Promise<string> {
  const hash = hashes.get(folder.href) ?? hashOfCode(folder);
  hashes.set(folder.href, hash);
  return hash;
}

async function hashOfCode(folder: URL): Promise<string> {
  const hash = createHash("sha256");
  const files = await readdir(folder, { recursive: true });
  for (const name of files.filter((file) => /\.[jt]s$/.test(file)).sort()) {
    hash.update(await readFile(fileURLToPath(new URL(name, folder))));
  }
  return hash.digest("hex");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
