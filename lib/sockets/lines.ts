/** No line of `ss` is longer; what is, is none of its. */
const maxLine = 64 * 2 ** 10;

/** Splits bytes into lines, without collecting what has none; a last line without a newline counts. */
export async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of bytes) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = (parts.pop() ?? "").slice(0, maxLine);
    yield parts;
  }
  if (rest !== "") yield [rest];
}
