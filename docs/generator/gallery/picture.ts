import { readFileSync } from "node:fs";

interface Saved {
  cells: { id: string; outputs?: { data?: Record<string, string | string[]> }[] }[];
}

/** The first picture that a cell of a saved notebook shows. */
export function pictureIn(path: string, cell: string): string {
  const { cells } = JSON.parse(readFileSync(path, "utf8")) as Saved;
  const outputs = cells.find(({ id }) => id === cell)?.outputs ?? [];
  const picture = outputs.map(({ data }) => data?.["image/svg+xml"]).find((svg) => svg !== undefined);
  if (picture === undefined) throw new Error(`${path}: the cell ${cell} shows no picture`);
  return `${[picture].flat().join("").trimEnd()}\n`;
}
