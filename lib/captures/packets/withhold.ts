/** Of fields of tshark's lines, what may be kept of their texts. */
export type Withholding = Readonly<Record<string, (text: string) => string>>;

/** Lines of tab-separated fields, some of them cut down to what may be kept. A last line without its end is dropped, as its reader would. */
export async function* withheld(
  bytes: AsyncIterable<Uint8Array>,
  names: readonly string[],
  withhold: Withholding,
): AsyncGenerator<Uint8Array> {
  const fields = names.flatMap((name, at) => {
    const keep = withhold[name];
    return keep === undefined ? [] : [{ at, keep }];
  });
  if (fields.length === 0) {
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
      for (const { at, keep } of fields) values[at] = keep(values[at] ?? "");
      return `${values.join("\t")}\n`;
    });
    if (kept.length > 0) yield Buffer.from(kept.join(""), "latin1");
  }
}
