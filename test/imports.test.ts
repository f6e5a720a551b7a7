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

test("every import goes by a door, in the direction of the house", () => {
  expect(summary.totalDependenciesCruised).toBeGreaterThan(1_500);
  const against = summary.violations.filter(({ cycle }) => cycle === undefined);
  expect(against.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
});

test("no imports go in a circle", () => {
  const circles = summary.violations.flatMap(({ cycle }) =>
    cycle === undefined ? [] : [cycle.map(({ name }) => name)],
  );
  // One wrong import can close hundreds: the shortest ones name it.
  const shortest = circles.sort((one, other) => one.length - other.length).slice(0, 10);
  expect(shortest.map((files) => [files.at(-1), ...files].join(" -> "))).toEqual([]);
});

test("every room of lib has a door, and is known to the rules", () => {
  const rooms = readdirSync(join(packageRoot, "lib"), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  const doors = rooms.filter(({ name }) => readdirSync(join(packageRoot, "lib", name)).includes("index.ts"));
  expect(doors).toEqual(rooms);
  expect(Object.keys(mayUse)).toEqual(expect.arrayContaining(rooms.map(({ name }) => name)));
});
