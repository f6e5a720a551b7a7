import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Json } from "../../cases/index.js";
import { writeWhole } from "../../tables/index.js";
import { cacheFolder } from "./folder.js";

/** A small answer that was kept under a key, or null. */
export async function keptAnswer(kind: "fields", key: Json): Promise<Json> {
  const path = await pathOf(kind, key);
  if (path === null) return null;
  try {
    return JSON.parse(await readFile(path, "utf8")) as Json;
  } catch {
    return null;
  }
}

/** Keeps a small answer where anything can be kept. */
export async function keepAnswer(kind: "fields", key: Json, answer: Json): Promise<void> {
  const path = await pathOf(kind, key);
  if (path === null) return;
  const text = JSON.stringify(answer);
  await writeWhole(path, true, (partial) => writeFile(partial, text, { mode: 0o600 })).catch(() => {});
}

async function pathOf(kind: "fields", key: Json): Promise<string | null> {
  const folder = await cacheFolder(kind);
  const name = createHash("sha256").update(JSON.stringify(key)).digest("hex");
  return folder === null ? null : join(folder, `${name}.json`);
}
