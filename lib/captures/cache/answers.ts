import { createHash } from "node:crypto";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Json } from "../../cases/index.js";
import { writeWhole } from "../../tables/index.js";
import { type AnswerKind, cacheFolder, touch } from "./folder.js";

/** Answers of a kind that are kept: the one that was used the longest ago goes first. */
const maxAnswers = 1_000;

/** A small answer that was kept under a key, or null. */
export async function keptAnswer(kind: AnswerKind, key: Json): Promise<Json> {
  const path = await pathOf(kind, key);
  if (path === null) return null;
  try {
    const answer = JSON.parse(await readFile(path, "utf8")) as Json;
    await touch(path);
    return answer;
  } catch {
    return null;
  }
}

/** Keeps a small answer where anything can be kept. */
export async function keepAnswer(kind: AnswerKind, key: Json, answer: Json): Promise<void> {
  const path = await pathOf(kind, key);
  if (path === null) return;
  const text = JSON.stringify(answer);
  await writeWhole(path, true, (partial) => writeFile(partial, text, { mode: 0o600 })).catch(() => {});
  await dropOldest(dirname(path)).catch(() => {});
}

async function dropOldest(folder: string): Promise<void> {
  const names = await readdir(folder);
  if (names.length <= maxAnswers) return;
  const paths = names.map((name) => join(folder, name));
  const files = await Promise.all(paths.map(async (path) => ({ path, used: (await stat(path)).mtimeMs })));
  files.sort((a, b) => a.used - b.used);
  for (const { path } of files.slice(0, files.length - maxAnswers)) await rm(path, { force: true });
}

async function pathOf(kind: AnswerKind, key: Json): Promise<string | null> {
  const folder = await cacheFolder(kind);
  const name = createHash("sha256").update(JSON.stringify(key)).digest("hex");
  return folder === null ? null : join(folder, `${name}.json`);
}
