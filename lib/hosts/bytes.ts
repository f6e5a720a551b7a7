import { gunzipSync, constants as zlib } from "node:zlib";
import { reasonOf, SkbookError } from "../errors/index.js";

/**
 * Reads a stream to its end as UTF-8; above the limit it is canceled.
 *
 * @param tried what it is for, as errors say it.
 */
export async function readText(
  bytes: AsyncIterable<Uint8Array>,
  maxBytes: number,
  tried: string,
): Promise<string> {
  return (await readBytes(bytes, maxBytes, tried)).toString("utf8");
}

/** The same for text that may have been compressed on its way; what was cut short is read as far as it goes. The limit holds for both forms of it. */
export async function readZipped(
  bytes: AsyncIterable<Uint8Array>,
  maxBytes: number,
  tried: string,
): Promise<string> {
  return unzipped(await readBytes(bytes, maxBytes, tried), maxBytes, tried).toString("utf8");
}

/**
 * What was compressed on its way, as it was; anything else as it is.
 *
 * @throws SkbookError `OUTPUT_TOO_LARGE`, `OUTPUT_DAMAGED`
 */
export function unzipped(read: Buffer, maxBytes: number, tried: string): Buffer {
  if (read[0] !== 0x1f || read[1] !== 0x8b) return read;
  try {
    return gunzipSync(read, { finishFlush: zlib.Z_SYNC_FLUSH, maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(maxBytes, tried);
    throw new SkbookError({
      code: "OUTPUT_DAMAGED",
      tried,
      failed: `what it printed can't be unpacked: ${reasonOf(error)}`,
      todo: "run the cell again; see that gzip on the host is gzip",
      cause: error,
    });
  }
}

/** Reads a stream to its end. */
export async function readBytes(
  bytes: AsyncIterable<Uint8Array>,
  maxBytes: number,
  tried: string,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes, tried);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBytes: number, tried: string): SkbookError {
  return new SkbookError({
    code: "OUTPUT_TOO_LARGE",
    tried,
    failed: `it printed more than ${maxBytes} bytes; the command was stopped`,
    todo: "narrow the command, give maxBytes, or iterate host.start(), which streams",
  });
}

/** The last line of a short answer; login scripts may have said something before it. */
export async function lastLine(bytes: AsyncIterable<Uint8Array>, tried: string): Promise<string> {
  return (await readText(bytes, 2 ** 20, tried)).trimEnd().split("\n").at(-1) ?? "";
}
