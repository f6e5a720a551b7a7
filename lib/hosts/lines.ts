import { SkbookError } from "../errors/index.js";

const newline = 0x0a;

/**
 * Splits a stream of UTF-8 into lines, as many at a time as came together; a last line without a newline counts. What has come of a line is looked at
 * once, however long it is and in however many pieces it comes.
 *
 * @param maxBytes no line is longer.
 * @param tried what it is for, as errors say it.
 * @throws SkbookError `LINE_TOO_LONG`
 */
export async function* lines(
  bytes: AsyncIterable<Uint8Array>,
  maxBytes: number,
  tried: string,
): AsyncGenerator<string[]> {
  let rest: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    const last = chunk.lastIndexOf(newline);
    const firstEnd = last < 0 ? chunk.length : chunk.indexOf(newline);
    if (size + firstEnd > maxBytes) throw tooLong(tried, maxBytes);
    if (last >= 0) {
      const whole = Buffer.concat([...rest, chunk.subarray(0, last)]);
      rest = [];
      size = 0;
      yield whole.toString("utf8").split("\n");
    }
    const begun = chunk.subarray(last + 1);
    if (begun.length === 0) continue;
    rest.push(begun);
    size += begun.length;
    // Many small pieces would take many times their bytes.
    if (rest.length > maxPieces) rest = [Buffer.concat(rest)];
  }
  if (size > 0) yield [Buffer.concat(rest).toString("utf8")];
}

const maxPieces = 4_096;

function tooLong(tried: string, maxBytes: number): SkbookError {
  return new SkbookError({
    code: "LINE_TOO_LONG",
    tried,
    failed: `a line of what came has more than ${maxBytes} bytes`,
    todo: "this is not what the program says: see what writes to the host's streams (login scripts, a wrapper), or get the recording again",
  });
}
