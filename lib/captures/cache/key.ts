import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Json } from "../../cases/index.js";

let code: Promise<string> | undefined;

/** The key of all that decides about a Table's rows, the code that reads them included. */
export async function cacheKey(parts: { [name: string]: Json }): Promise<string> {
  code ??= hashOfCode();
  return sha256(JSON.stringify([await code, parts]));
}

async function hashOfCode(): Promise<string> {
  const hash = createHash("sha256");
  const rooms = ["../applications/", "../base/", "../fields/", "../packets/", "../shards/", "../../tables/"];
  for (const room of rooms) {
    const folder = new URL(room, import.meta.url);
    const files = await readdir(folder, { recursive: true });
    for (const name of files.filter((file) => /\.[jt]s$/.test(file)).sort()) {
      hash.update(await readFile(fileURLToPath(new URL(name, folder))));
    }
  }
  return hash.digest("hex");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
