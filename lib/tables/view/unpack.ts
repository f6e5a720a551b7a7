import { type Column, type Packed, type PackedValue, unpackedValue, type Value } from "../shown/index.js";

/** The rows of a page's table. */
export async function unpackRows({ rows, columns }: Packed): Promise<Value[][]> {
  const bytes = Uint8Array.from(atob(rows), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return valuesOf((await new Response(stream).json()) as PackedValue[][], columns);
}

export function valuesOf(rows: readonly PackedValue[][], columns: readonly Column[]): Value[][] {
  return rows.map((row) => columns.map((column, index) => unpackedValue(row[index] ?? null, column)));
}
