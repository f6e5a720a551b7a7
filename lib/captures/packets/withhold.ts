/** A field of tshark's lines, and what may be kept of its text. */
export interface Withholding {
  field: string;
  keep(text: string): string;
}

/** Lines of tab-separated fields, one of them cut down to what may be kept. A last line without its end is dropped, as its reader would. */
export async function* withheld(
  bytes: AsyncIterable<Uint8Array>,
  names: readonly string[],
  { field, keep }: Withholding,
): AsyncGenerator<Uint8Array> {
  const at = names.indexOf(field);
  if (at < 0) {
    yield* bytes;
    return;
  }
  let rest = "";
  for await (const chunk of bytes) {
    // One character per byte: a chunk may end within one of UTF-8.
    const lines = (rest + Buffer.from(chunk).toString("latin1")).split("\n");
    rest = lines.pop() ?? "";
    const kept = lines.map((line) => {
      const values = line.split("\t");
      values[at] = keep(values[at] ?? "");
      return `${values.join("\t")}\n`;
    });
    if (kept.length > 0) yield Buffer.from(kept.join(""), "latin1");
  }
}
