import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { KernelClient } from "../../kernel/run/index.js";
import { type Ran, useKernel } from "./fixtures.js";

const kernel = useKernel();

async function shown(code: string): Promise<unknown> {
  const { reply, of } = await kernel.run(code);
  expect(reply, String(reply.evalue)).toMatchObject({ status: "ok" });
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

test("a later cell's assignment reaches the functions and loops of an earlier one", async () => {
  await shown(`
    let running = true;
    let count = 0;
    const bump = () => ++count;
    const turning = (async () => {
      let turns = 0;
      while (running) {
        turns++;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return turns > 0 ? "stopped" : "never ran";
    })();
  `);
  expect(await shown("await new Promise((r) => setTimeout(r, 20)); running = false; await turning")).toBe(
    "'stopped'",
  );
  expect(await shown("count = 41; bump(); count")).toBe("42");
});

test("anything may be declared again, as anything else", async () => {
  for (const declaration of [
    "const thing = 1",
    "let thing = 'text'",
    "function thing() { return 1 }",
    "class thing { static kind = 'class' }",
    "enum thing { one }",
    "import { join as thing } from 'node:path'",
    "import * as thing from 'node:path'",
    "export const thing = [1]",
    "const { thing } = { thing: 2 }",
    "for (var thing = 0; thing < 3; thing++);",
    "namespace thing { export const inner = 1 }",
  ]) {
    expect((await kernel.run(declaration)).reply, declaration).toMatchObject({ status: "ok" });
    expect((await kernel.run("typeof thing")).reply, declaration).toMatchObject({ status: "ok" });
  }
  expect(await shown("thing.inner")).toBe("1");
});

test("what an earlier cell declared keeps its type when a name in it is declared again", async () => {
  await shown("interface Shape { side: number } const square: Shape = { side: 2 };");
  await shown("interface Shape { radius: number } const round: Shape = { radius: 1 };");
  expect(await shown("square.side + round.radius")).toBe("3");
});

test("a cell that throws leaves what it had declared, and nothing that it had not", async () => {
  await shown("const later = 'earlier';");
  await kernel.run("const sooner = 1; throw new Error('stop'); const later = 2;");
  expect(await shown("[sooner, later.length]")).toBe("[ 1, 7 ]");
});

test("a value of null is shown; undefined is not", async () => {
  expect(await shown("null")).toBe("null");
  expect(await shown("undefined")).toBeUndefined();
});

test("a function of an earlier cell is called as a function, not as a method", async () => {
  await shown(
    "function whose(this: unknown, ..._: unknown[]) { return this === undefined } const tagged = whose;",
  );
  expect(await shown("[whose(), tagged``]")).toBe("[ true, true ]");
});

test("what authors of probes need is a module of its own, with types", async () => {
  const probe = `import { bpf, defineCounts, field } from "skbook/probe";
    const sent = defineCounts({
      name: "sent",
      measures: "packets handed to drivers",
      hooks: { required: ["tracepoint:net:net_dev_start_xmit"] },
      fields: [field({ name: "cpu", type: "INTEGER", meaning: "CPU that sent it", say: () => bpf\`cpu\` })],
      total: { name: "packets", unit: "packets", meaning: "packets sent" },
      program: ({ on, count }) => on("tracepoint:net:net_dev_start_xmit", (at) => count(at)),
    });
    sent.definition.columns({}).map(({ name }) => name).join()`;
  expect(await shown(probe)).toBe("'cpu,packets'");
  expect(await shown("typeof sent.explain")).toBe("'function'");
  expect(await shown("(await import('skbook/probe')).defineCounts === defineCounts")).toBe("true");
  const { reply } = await kernel.run('import { defineCount } from "skbook/probe"; defineCount');
  expect(reply).toMatchObject({ status: "error", ename: "CompileError" });
});

test("modules that await at their top level can be imported, statically and dynamically", async () => {
  writeFileSync(join(kernel.folder, "late.mjs"), "export const late = await Promise.resolve('late');\n");
  writeFileSync(join(kernel.folder, "late.d.mts"), "export const late: string;\n");
  expect(await shown("import { late } from './late.mjs'; late")).toBe("'late'");
  const own = join(kernel.folder, "node_modules/only-esm");
  mkdirSync(own, { recursive: true });
  const manifest = {
    name: "only-esm",
    type: "module",
    exports: { import: { types: "./i.d.ts", default: "./i.js" } },
  };
  writeFileSync(join(own, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(own, "i.js"), "export const answer = await Promise.resolve(42);");
  writeFileSync(join(own, "i.d.ts"), "export declare const answer: number;");
  expect(await shown("(await import('only-esm')).answer")).toBe("42");
  expect(await shown("import { answer } from 'only-esm'; answer")).toBe("42");
});

test("import.meta is the notebook's", async () => {
  expect(await shown("import.meta.dirname")).toBe(`'${kernel.folder}'`);
  expect(await shown("new URL('./x.pcap', import.meta.url).pathname")).toBe(`'${kernel.folder}/x.pcap'`);
});

test("a helper file that changes is read again", async () => {
  const helper = join(kernel.folder, "changing.ts");
  writeFileSync(helper, "export const value = 1;\n");
  expect(await shown("import { value } from './changing'; value")).toBe("1");
  writeFileSync(helper, "export const value: string = 'two';\n");
  utimesSync(helper, new Date(), new Date(Date.now() + 5000));
  expect(await shown("import { value } from './changing'; value.length")).toBe("3");
  writeFileSync(helper, "export const value: string = 2;\n");
  utimesSync(helper, new Date(), new Date(Date.now() + 9000));
  const { reply } = await kernel.run("import { value } from './changing'; value");
  expect(String(reply.evalue)).toMatch(/^changing\.ts:1:14: Type 'number'/);
});

test("types of packages written for newer compilers are not lost", async () => {
  const own = join(kernel.folder, "node_modules/modern");
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, "package.json"), JSON.stringify({ name: "modern", main: "i.js", types: "i.d.ts" }));
  writeFileSync(
    join(own, "i.js"),
    "exports.pick = (list, first) => first ?? list[0]; exports.entries = () => [][Symbol.iterator]();",
  );
  writeFileSync(
    join(own, "i.d.ts"),
    "export declare function pick<T extends string>(list: T[], first?: NoInfer<T>): T;\nexport declare function entries(): IteratorObject<string, undefined, unknown>;\n",
  );
  expect(
    (await kernel.run("import { pick, entries } from 'modern'; const q: number = pick(['a']);")).reply,
  ).toMatchObject({
    evalue: expect.stringContaining("Type 'string' is not assignable to type 'number'"),
  });
  expect(
    (await kernel.run("import { entries } from 'modern'; const n: number = entries();")).reply,
  ).toMatchObject({
    evalue: expect.stringContaining("IteratorObject"),
  });
});

test("a complaint behind an emoji points at the right place", async () => {
  const { reply } = await kernel.run("const face = '😀'; const wrong: number = face;");
  const [, , marks] = String(reply.evalue).split("\n");
  expect(marks?.indexOf("~")).toBe("    const face = '😀'; const ".length);
});

test("a traceback shows the user's own line with a caret, through functions of other cells", async () => {
  await kernel.run(
    "type Site = { name: string };\n\nfunction dropAt(site: Site): never {\n  throw new Error(site.name);\n}",
  );
  const { of } = await kernel.run("// '😀'\nconst site: Site = { name: 'tun' };\n/* 😀 */ dropAt(site);");
  const [head, where, line, caret, first, second, ...rest] = (of("error")[0]?.traceback ?? []) as string[];
  expect(head).toBe("Error: tun");
  expect(where).toMatch(/^cell \[\d+\], line 4:$/);
  expect(line).toBe("      throw new Error(site.name);");
  expect(caret).toBe("            ^");
  expect(first).toMatch(/^ {4}at dropAt \(cell \[\d+\]:4:9\)$/);
  expect(second).toMatch(/^ {4}at cell \[\d+\]:3:\d+$/);
  expect(rest).toEqual([]);
});

const printed = (ran: Ran) =>
  ran
    .of("stream")
    .map(({ text }) => text)
    .join("");

test("late output goes to the cell that it comes from", async () => {
  const first = await kernel.run(`
    import { EventEmitter } from "node:events";
    const bus = new EventEmitter();
    let begin = () => {};
    const begun = new Promise<void>((resolve) => (begin = resolve));
    void begun.then(() => {
      setTimeout(() => console.log("timer"), 100);
      setTimeout(() => bus.emit("tick"), 110);
    });
    void (async () => {
      await begun;
      await new Promise((resolve) => setTimeout(resolve, 120));
      console.log("await");
    })();
    const say = (text: string) => console.log(text);
  `);
  const second = await kernel.run(`
    say("call");
    bus.on("tick", () => console.log("event"));
    setTimeout(() => say("timer"), 50);
    begin();
    await new Promise((resolve) => setTimeout(resolve, 250));
    console.log("end");
  `);
  expect(printed(first)).toBe("timer\nevent\nawait\n");
  expect(printed(second)).toBe("call\ntimer\nend\n");
});

test("an event from outside belongs to the cell whose function hears of it", async () => {
  const first = await kernel.run(`
    import { spawn } from "node:child_process";
    const child = spawn("sh", ["-c", "sleep 0.2; echo heard"]);
    child.stdout.on("data", (chunk) => console.log(String(chunk).trim()));
    const closed = new Promise((resolve) => child.on("close", resolve));
  `);
  const second = await kernel.run("await closed; console.log('closed')");
  expect([printed(first), printed(second)]).toEqual(["heard\n", "closed\n"]);
});

test("a cell that throws in a timer does not end the kernel; its error is told under it", async () => {
  const throwing = await kernel.run("setTimeout(() => { throw new TypeError('late'); }, 30); 1");
  const rejecting = await kernel.run("setTimeout(() => void Promise.reject(new TypeError('lost')), 30); 1");
  const other = await kernel.run("await new Promise((resolve) => setTimeout(resolve, 150));");
  expect(printed(throwing)).toMatch(/^TypeError: late\ncell \[\d+\], line 1:\n/);
  expect(printed(rejecting)).toMatch(/^TypeError: lost\ncell \[\d+\], line 1:\n/);
  expect(printed(other)).toBe("");
});

test("checks are as strict as a tsconfig.json beside the notebook says", async () => {
  const folder = mkdtempSync(join(tmpdir(), "skbook-lax-"));
  writeFileSync(join(folder, "tsconfig.json"), '{ "compilerOptions": { "strict": false } } // lax');
  const client = await KernelClient.start(folder);
  try {
    const code = "function lax(any) { return any } const text: string = null; lax(text)";
    expect(await client.execute(code, "c", () => undefined)).toMatchObject({ status: "ok" });
    expect((await kernel.run(code)).reply).toMatchObject({ ename: "CompileError" });
  } finally {
    await client.shutdown();
    rmSync(folder, { recursive: true });
  }
});

test("a line may turn a check off", async () => {
  expect(await shown("// @ts-expect-error: a number all the same\nconst five: string = 5; five")).toBe("5");
});
