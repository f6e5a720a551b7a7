import { readdirSync } from "node:fs";
import { join } from "node:path";
import { cruise, type ICruiseResult } from "dependency-cruiser";
import { expect, test } from "vitest";
import { packageRoot } from "../kernel/package.js";
import { folders, importRules, mayUse } from "./import-rules.js";

test("every import goes by a door, in the direction of the house, and in no circle", async () => {
  const { output } = await cruise(folders, {
    baseDir: packageRoot,
    validate: true,
    ruleSet: { forbidden: importRules(packageRoot) },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
  });
  const { summary } = output as ICruiseResult;
  const against = summary.violations.map(({ rule, from, to, cycle }) =>
    [`${rule.name}: ${from} -> ${to}`, ...(cycle ?? []).map(({ name }) => name)].join(" -> "),
  );
  expect(summary.totalDependenciesCruised).toBeGreaterThan(1_500);
  expect(against).toEqual([]);
});

test("every room of lib has a door, and is known to the rules", () => {
  const rooms = readdirSync(join(packageRoot, "lib"), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  const doors = rooms.filter(({ name }) => readdirSync(join(packageRoot, "lib", name)).includes("index.ts"));
  expect(doors).toEqual(rooms);
  expect(Object.keys(mayUse)).toEqual(expect.arrayContaining(rooms.map(({ name }) => name)));
});
