import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { useKernel } from "./fixtures.js";

const kernel = useKernel();

async function shown(code: string): Promise<unknown> {
  const { reply, of } = await kernel.run(code);
  expect(reply).toMatchObject({ status: "ok" });
  return (of("execute_result")[0]?.data as Record<string, unknown> | undefined)?.["text/plain"];
}

test("a cell sees, and may declare again, what earlier cells declared", async () => {
  await shown("let host = 'a'; const port = 22; interface Flow { bytes: number } class Site {}");
  expect(await shown("const flow: Flow = { bytes: port }; new Site(); host + flow.bytes")).toBe("'a22'");
  expect(await shown("const host = 5; host")).toBe("5");
});

test("names of earlier cells work as shorthand and in patterns", async () => {
  await shown("const host = 'h'; const q = 1; const p = 2; const earlier = { q: 3, p: 4, deep: { q: 5 } };");
  expect(await shown("({ host, q })")).toBe("{ host: 'h', q: 1 }");
  expect(await shown("const { p: renamed, q: other } = earlier; [renamed, other]")).toBe("[ 4, 3 ]");
  expect(await shown("let a = 0, b = 0; ({ q: a, deep: { q: b } } = earlier); [a, b]")).toBe("[ 3, 5 ]");
});

test.each([
  ["await (async () => 1)()", "1"],
  ["const { x } = await (await Promise.resolve({ x: 2 })); x", "2"],
  ["let sum = 0; for await (const n of [1, Promise.resolve(2)]) sum += n; sum", "3"],
  ["(await Promise.all([1, 2])).length", "2"],
])("a top-level await: %s", async (code, value) => {
  expect(await shown(code)).toBe(value);
});

test("types are checked strictly, and nothing of a refused cell runs", async () => {
  const { reply, of } = await kernel.run(
    "console.log('ran');\nconst text: string | null = null;\ntext.length;",
  );
  expect(reply).toMatchObject({ status: "error", ename: "CompileError" });
  expect(String(reply.evalue)).toMatch(/^3:1 /);
  expect(of("stream")).toEqual([]);
});

test("a complaint points at the user's column, shorthands before it or not", async () => {
  await shown("const device = 'eth0';");
  const { reply } = await kernel.run("const both = { device }; const count: number = device;");
  expect(String(reply.evalue)).toMatch(/^1:32 /);
});

test("an array that starts empty takes the type of what is put in", async () => {
  expect(await shown("const rows = []; rows.push(1); rows.push(2); rows")).toBe("[ 1, 2 ]");
});

test("the package and its dependencies resolve from a folder that has none, with types", async () => {
  expect(await shown("import { z } from 'zod'; z.object({ a: z.number() }).parse({ a: 1 })")).toBe(
    "{ a: 1 }",
  );
  const { reply } = await kernel.run(
    "import { SkbookError } from 'skbook'; const wrong: number = SkbookError;",
  );
  expect(String(reply.evalue)).toContain("typeof SkbookError");
  const thrown = await kernel.run(
    "import { SkbookError } from 'skbook'; throw new SkbookError({ code: 'NO_HOST', tried: 't', failed: 'f', todo: 'd' })",
  );
  expect(thrown.reply).toMatchObject({
    ename: "SkbookError",
    evalue: expect.stringContaining("[NO_HOST] f"),
  });
});

test("the notebook's own folder comes first: helper files and packages", async () => {
  writeFileSync(
    join(kernel.folder, "helper.ts"),
    "import { z } from 'zod';\nexport const kind: string = typeof z.string;\n",
  );
  expect(await shown("import { kind } from './helper'; kind")).toBe("'function'");
  const own = join(kernel.folder, "node_modules/p-limit");
  mkdirSync(own, { recursive: true });
  writeFileSync(
    join(own, "package.json"),
    JSON.stringify({ name: "p-limit", main: "index.js", types: "index.d.ts" }),
  );
  writeFileSync(join(own, "index.js"), "exports.mine = 1;");
  writeFileSync(join(own, "index.d.ts"), "export const mine: number;");
  expect(await shown("import { mine } from 'p-limit'; mine")).toBe("1");
});

test("a package that is not there is an error of the compiler", async () => {
  const { reply } = await kernel.run("import { x } from 'no-such-package'; x");
  expect(reply).toMatchObject({ status: "error", ename: "CompileError" });
  expect(String(reply.evalue)).toContain("no-such-package");
});
