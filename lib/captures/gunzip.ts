import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { reasonOf, SkbookError } from "../errors/index.js";

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
    throw new SkbookError({
      code: "OUTPUT_DAMAGED",
      tried: "unpack what a command sent through gzip",
      failed: reasonOf(error),
      todo: "run the cell again; see that gzip on the host is gzip",
      cause: error,
    });
  } finally {
    // Who stops reading ends the command, too.
    gunzip.destroy();
  }
}
