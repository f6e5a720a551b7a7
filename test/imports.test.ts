import { readdirSync } from "node:fs";
import { join } from "node:path";
import { cruise, type ICruiseResult } from "dependency-cruiser";
import { expect, test } from "vitest";
import { packageRoot } from "../kernel/package.js";
import { folders, importRules, mayUse } from "./import-rules.js";

const { summary } = (
  await cruise(folders, {
    baseDir: packageRoot,
    validate: true,
    ruleSet: { forbidden: importRules(packageRoot) },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
  })
).output as ICruiseResult;

test("every import goes through the index of a room, and in a direction that the rules allow", () => {
  expect(summary.totalDependenciesCruised).toBeGreaterThan(1_500);
  const against = summary.violations.filter(({ cycle }) => cycle === undefined);
  expect(against.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
});

test("there are no cycles of imports", () => {
  const cycles = summary.violations.flatMap(({ cycle }) =>
    cycle === undefined ? [] : [cycle.map(({ name }) => name)],
  );
  // One wrong import can close hundreds: the shortest ones name it.
  const shortest = cycles.sort((one, other) => one.length - other.length).slice(0, 10);
  expect(shortest.map((files) => [files.at(-1), ...files].join(" -> "))).toEqual([]);
});

test("every folder of lib has an index, and is known to the rules", () => {
  const rooms = readdirSync(join(packageRoot, "lib"), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  const withIndex = rooms.filter(({ name }) =>
    readdirSync(join(packageRoot, "lib", name)).includes("index.ts"),
  );
  expect(withIndex).toEqual(rooms);
  expect(Object.keys(mayUse)).toEqual(expect.arrayContaining(rooms.map(({ name }) => name)));
});
