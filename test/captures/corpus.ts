import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const shared = process.env.SKBOOK_SHARED ?? fileURLToPath(new URL("../../../shared", import.meta.url));

/** Folder of the captures that tests check against; undefined where it isn't at hand. */
export const corpus: string | undefined = existsSync(join(shared, "pcaps", "expected.tsv"))
  ? join(shared, "pcaps")
  : undefined;

if (corpus === undefined) {
  console.warn(`LEFT OUT: tests against known captures; ${shared}/pcaps is not there (set SKBOOK_SHARED)`);
}

export type Expected = { file: string } & Record<string, number | string>;

/** tshark has a line for custom blocks, too, which are no packets. */
const withoutBlocks: Record<string, { frames: number; bytes_wire: number }> = {
  "pcapng_advanced_test102.pcapng": { frames: 5, bytes_wire: 1480 },
  "pcapng_difficult_test202.pcapng": { frames: 8, bytes_wire: 2304 },
};

/** What tshark's own counts of every capture are. */
export function expected(): Expected[] {
  if (corpus === undefined) return [];
  const [names = [], ...rows] = readFileSync(join(corpus, "expected.tsv"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t"));
  return rows.map((row) => {
    const cells = row.map((cell, index) => [names[index], index === 0 ? cell : Number(cell)]);
    const one = Object.fromEntries(cells) as Expected;
    return { ...one, ...withoutBlocks[one.file] };
  });
}
