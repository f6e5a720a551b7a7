import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Cells } from "../../kernel/compiler/cells.js";
import { packageRoot } from "../../kernel/package.js";
import * as skbook from "../../lib/index.js";

/** A folder without a tsconfig.json, as a user's is: cells are checked as strictly as they are by default. */
const folder = mkdtempSync(join(tmpdir(), "skbook-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

function openCells(): Cells {
  const cells = new Cells();
  cells.open(folder);
  return cells;
}

const guides = [
  ...["README.md", "CONTRIBUTING.md"],
  ...readdirSync(join(packageRoot, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
].sort();

const reference = readdirSync(join(packageRoot, "docs/reference")).map((name) =>
  join("docs/reference", name),
);

/** What the examples of the reference, one line each, take as given. */
const given = `
import { ${Object.keys(skbook).join(", ")} } from "skbook";
import type { Capture, Host, Table as Rows } from "skbook";
import { bpf, type HookAt, type Target } from "skbook/probe";
declare const at: HookAt;
declare const host: Host, h1: Host, h2: Host, hostA: Host, hostB: Host, hosts: Host[], target: Target;
declare const samples: Rows, samplesA: Rows, samplesB: Rows;
declare const cap: Capture, one: Capture, two: Capture, atClient: Capture, atServer: Capture;
declare const drops: Rows, resent: Rows;
declare const sentOnA_ns: bigint, receivedOnB_ns: bigint;`;

/** The TypeScript blocks of a page, each with its line. */
function blocksOf(page: string): { line: number; code: string }[] {
  const text = readFileSync(join(packageRoot, page), "utf8");
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ index, 1: code = "" }) => ({
    line: text.slice(0, index).split("\n").length + 1,
    code,
  }));
}

/** Why a page's blocks are refused as cells; `check` compiles one. */
function refused(page: string, check: (code: string) => void): string[] {
  return blocksOf(page).flatMap(({ line, code }) => {
    try {
      check(code);
      return [];
    } catch (error) {
      return [`${page}:${line}: ${(error as Error).message}`];
    }
  });
}

/** Lets later cells see what a cell declares. */
function add(cells: Cells, code: string): void {
  cells.add(cells.compile(code).cell, []);
}

const withBlocks = guides.filter((page) => blocksOf(page).length > 0);

test("the guides have blocks to check", () => {
  expect(withBlocks).toEqual(expect.arrayContaining(["README.md", "docs/first-host.md"]));
});

test.each(withBlocks)("%s: its TypeScript blocks are cells of one notebook that pass the checks", (page) => {
  const cells = openCells();
  expect(refused(page, (code) => add(cells, code))).toEqual([]);
});

test("the examples of the reference pass the checks, given a host and a capture", () => {
  const cells = openCells();
  add(cells, given);
  const all = reference.flatMap((page) => refused(page, (code) => cells.compile(code)));
  // Its doc comment calls the capture `capture`, which is a function.
  expect(all.filter((fault) => !fault.includes("await flowTimeline(await packets(capture)"))).toEqual([]);
});

test("a block with a fault is refused", () => {
  const cells = openCells();
  expect(() => cells.compile('import { dropSummary } from "skbook"; await dropSummary("host")')).toThrow();
});
