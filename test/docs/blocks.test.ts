import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Cells } from "../../kernel/language/cells.js";
import { packageRoot } from "../../kernel/package.js";

/** A folder without a tsconfig.json, as a user's is: cells are checked as strictly as they are by default. */
const folder = mkdtempSync(join(tmpdir(), "skbook-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const pages = [
  ...["README.md", "CONTRIBUTING.md"],
  ...readdirSync(join(packageRoot, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
].sort();

/** The TypeScript blocks of a page, each with its line. */
function blocksOf(page: string): { line: number; code: string }[] {
  const text = readFileSync(join(packageRoot, page), "utf8");
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ index, 1: code = "" }) => ({
    line: text.slice(0, index).split("\n").length + 1,
    code,
  }));
}

const withBlocks = pages.filter((page) => blocksOf(page).length > 0);

test("the guides have blocks to check", () => {
  expect(withBlocks).toEqual(expect.arrayContaining(["README.md", "docs/first-host.md"]));
});

test.each(withBlocks)("%s: its TypeScript blocks are cells of one notebook that pass the checks", (page) => {
  const cells = new Cells(folder);
  for (const { line, code } of blocksOf(page)) {
    const check = () => cells.add(cells.compile(code).cell, []);
    expect(check, `${page}:${line}`).not.toThrow();
  }
});
