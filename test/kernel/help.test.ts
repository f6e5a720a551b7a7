import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { packageRoot, program } from "../../kernel/package.js";

const folder = mkdtempSync(join(tmpdir(), "skbook-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Every module that a command loads, one URL or path a line on stderr. */
const listing = join(folder, "listing.mjs");
const hooks = `import { writeSync } from "node:fs";
export async function load(url, context, next) { writeSync(2, url + "\\n"); return next(url, context); }`;
writeFileSync(
  listing,
  `import { createRequire, register } from "node:module";
import { writeSync } from "node:fs";
register("data:text/javascript," + encodeURIComponent(${JSON.stringify(hooks)}));
const { cache } = createRequire(import.meta.url);
process.on("exit", () => writeSync(2, Object.keys(cache).join("\\n")));`,
);

function loadedBy(...args: string[]): string[] {
  const { stderr, status } = spawnSync(process.execPath, ["--import", listing, program, ...args], {
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
  return stderr.split("\n").filter((line) => line.includes(packageRoot));
}

test.each(["--help", "--version"])("skbook %s loads a few kilobytes of its own, and no package", (option) => {
  const loaded = loadedBy(option);
  expect(loaded.length).toBeGreaterThan(0);
  expect(loaded.length).toBeLessThan(6);
  expect(loaded.filter((path) => path.includes("node_modules") || path.includes("vendor"))).toEqual([]);
});

test("what skbook install --help loads is no package either", () => {
  expect(loadedBy("install", "--help").filter((path) => path.includes("node_modules"))).toEqual([]);
});
