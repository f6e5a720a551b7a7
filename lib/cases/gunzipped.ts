import type { FileHandle } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { reasonOf, type SkbookError } from "../errors/index.js";
import { chunksOf } from "./beneath.js";

/** What a file was before gzip compressed it: of a known length, beyond which nothing is decompressed. */
export async function* gunzipped(
  file: FileHandle,
  length: number,
  damaged: (failed: string) => SkbookError,
): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  const feeding = pipeline(chunksOf(file), gunzip);
  feeding.catch(() => {});
  let read = 0;
  try {
    for await (const chunk of unlessDamaged(gunzip, damaged)) {
      read += chunk.length;
      if (read > length) throw damaged(`it has more than the ${length} bytes that were recorded`);
      yield chunk;
    }
  } finally {
    gunzip.destroy();
    // The file may be closed once nothing reads it.
    await feeding.catch(() => {});
  }
  if (read < length) throw damaged(`it has ${read} of the ${length} bytes that were recorded`);
}

async function* unlessDamaged(
  bytes: AsyncIterable<Uint8Array>,
  damaged: (failed: string) => SkbookError,
): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    throw damaged(reasonOf(error));
  }
}
