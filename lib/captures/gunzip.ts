import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";

/** What a command sent through gzip. Where the bytes break off, `ended` says why, if it rejects. */
export async function* unzipped(
  bytes: AsyncIterable<Uint8Array>,
  ended: Promise<unknown>,
): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  const feeding = pipeline(Readable.from(bytes, { objectMode: false }), gunzip);
  feeding.catch(() => {});
  try {
    yield* gunzip;
  } catch (error) {
    await ended;
    throw error;
  }
}
