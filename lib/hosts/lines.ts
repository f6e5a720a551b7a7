import { SkbookError } from "../errors/index.js";

const newline = 0x0a;
/** Many small pieces of a line would take many times their bytes. */
const maxPieces = 4_096;

/**
 * Passes a stream on in pieces that end with a line; the last one need not. What has come of a line is looked at once, however long it is and in however
 * many pieces it comes.
 *
 * @param maxBytes no line is longer.
 * @param tried what it is for, as errors say it.
 * @throws SkbookError `LINE_TOO_LONG`
 */
export async function* wholeLines(
  bytes: AsyncIterable<Uint8Array>,
  maxBytes: number,
  tried: string,
): AsyncGenerator<Buffer> {
  let begun: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    const end = chunk.lastIndexOf(newline) + 1;
    const ofFirst = end === 0 ? chunk.length : chunk.indexOf(newline);
    if (size + ofFirst > maxBytes) throw tooLong(tried, maxBytes);
    if (end > 0) {
      yield Buffer.concat([...begun, chunk.subarray(0, end)]);
      begun = [];
      size = 0;
    }
    if (end === chunk.length) continue;
    begun.push(chunk.subarray(end));
    size += chunk.length - end;
    if (begun.length > maxPieces) begun = [Buffer.concat(begun)];
  }
  if (size > 0) yield Buffer.concat(begun);
}

/**
 * Splits a stream of UTF-8 into lines, as many at a time as came together; a last line without a newline counts.
 *
 * @throws SkbookError `LINE_TOO_LONG`
 */
export async function* lines(
  bytes: AsyncIterable<Uint8Array>,
  maxBytes: number,
  tried: string,
): AsyncGenerator<string[]> {
  for await (const piece of wholeLines(bytes, maxBytes, tried)) {
    const split = piece.toString("utf8").split("\n");
    if (split.at(-1) === "") split.pop();
    yield split;
  }
}

function tooLong(tried: string, maxBytes: number): SkbookError {
  return new SkbookError({
    code: "LINE_TOO_LONG",
    tried,
    failed: `a line of what came has more than ${maxBytes.toLocaleString("en-US")} bytes`,
    todo: "this is not what the program says: see what else writes to the host's streams (login scripts, wrappers), or get the recording again",
  });
}
