import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { useKernel } from "./fixtures.js";

const kernel = useKernel();

/** Runs a cell, interrupts it when it has begun, and gives its reply. */
async function interrupted(code: string) {
  let begun = () => {};
  const beginning = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const reply = kernel.client.execute(`console.log("begun");\n${code}`, "c", ({ header }) => {
    if (header.msg_type === "stream") begun();
  });
  await beginning;
  await kernel.client.interrupt();
  return reply;
}

const loops: [string, string][] = [
  ["a promise that never settles", "await new Promise(() => {});"],
  ["a loop", "for (;;);"],
  ["a loop after an await", "await new Promise((resolve) => setTimeout(resolve, 10)); for (;;);"],
  [
    "a loop in a microtask of an immediate",
    "setImmediate(async () => { await 1; for (;;); }); await new Promise(() => {});",
  ],
  ["a loop in a timer", "setTimeout(() => { for (;;); }, 10); await new Promise(() => {});"],
  [
    "a recursion without end",
    "await 1; const again = (n: number): number => { try { return n ? again(n - 1) : again(100); } catch (e) { if (e instanceof RangeError) return again(100); throw e; } }; again(1);",
  ],
  [
    "a callback that is called without end",
    "await 1; const turns = new Map([[0, 0]]); turns.forEach((_, n) => { turns.delete(n); turns.set(n + 1, 0); });",
  ],
  ["a loop of foreign code after an await", "await 1; new Function('for (;;);')();"],
  ["a loop of foreign code", "new Function('for (;;);')();"],
  ["a bundle that never comes", "({ [Symbol.for('Jupyter.display')]: () => new Promise(() => {}) })"],
];

describe("an interrupt ends", () => {
  test.each(loops)("%s; what was declared before stays", async (_, code) => {
    await kernel.run("const kept = 'kept';");
    expect(await interrupted(code)).toMatchObject({
      status: "error",
      ename: "Interrupted",
      evalue: "the cell was interrupted",
    });
    expect((await kernel.run("kept")).of("execute_result")[0]?.data).toEqual({ "text/plain": "'kept'" });
  });
});

test("a cell that displays without a pause is heard as it does, and ends", async () => {
  let shown = 0;
  const reply = await kernel.client.execute(
    `const cell = (globalThis as any)[Symbol.for("skbook.cell")]();
    for (let n = 0; ; n++) cell.display({ "text/plain": String(n) });`,
    "c",
    ({ header }) => {
      if (header.msg_type === "display_data" && ++shown === 20_000) void kernel.client.interrupt();
    },
  );
  expect(reply).toMatchObject({ ename: "Interrupted" });
});

test("a cell that obeys the signal may clean up first, and its own words are shown", async () => {
  const reply = await interrupted(`
    import { SkbookError } from "skbook";
    const { signal } = (globalThis as any)[Symbol.for("skbook.cell")]();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    (globalThis as any).cleaned = true;
    throw new SkbookError({ code: "INTERRUPTED", tried: "t", failed: "detached in time", todo: "d" });
  `);
  expect(reply).toMatchObject({ ename: "Interrupted", evalue: expect.stringContaining("detached in time") });
  expect((await kernel.run("(globalThis as any).cleaned")).of("execute_result")[0]?.data).toEqual({
    "text/plain": "true",
  });
});

test("a second interrupt waits for nobody", async () => {
  const running = interrupted(`
    (globalThis as any)[Symbol.for("skbook.cell")]().signal;
    await new Promise(() => {});
  `);
  const again = setInterval(() => void kernel.client.interrupt(), 300);
  expect(await running).toMatchObject({ ename: "Interrupted" });
  clearInterval(again);
});

test("how long an interrupt takes is told", async () => {
  const times: number[] = [];
  for (const code of ["for (;;);", "await 1; for (;;);", "await new Promise(() => {});"]) {
    const start = performance.now();
    expect(await interrupted(code)).toMatchObject({ ename: "Interrupted" });
    times.push(performance.now() - start);
  }
  console.log(`interrupts took ${times.map((time) => `${time.toFixed(0)} ms`).join(", ")}`);
});

test("a cell that is interrupted while its imports load does not run when they have come", async () => {
  writeFileSync(
    join(kernel.folder, "slow.mjs"),
    "await new Promise((r) => setTimeout(r, 1500)); export const slow = 1;",
  );
  writeFileSync(join(kernel.folder, "slow.d.mts"), "export declare const slow: number;");
  const reply = kernel.client.execute(
    "import { slow } from './slow.mjs'; (globalThis as any).ranLate = slow;",
    "c",
    () => undefined,
  );
  await new Promise((resolve) => setTimeout(resolve, 600));
  await kernel.client.interrupt();
  expect(await reply).toMatchObject({ ename: "Interrupted" });
  const later = await kernel.run(
    "await new Promise((r) => setTimeout(r, 1500)); String((globalThis as any).ranLate)",
  );
  expect(later.of("execute_result")[0]?.data).toEqual({ "text/plain": "'undefined'" });
});

test("what a cell prints is shown while it computes", async () => {
  const go = join(kernel.folder, "go");
  const code = `import { existsSync } from "node:fs"; console.log("one"); console.log("two"); while (!existsSync("go"));`;
  let shown = "";
  const reply = await kernel.client.execute(code, "c", ({ header, content }) => {
    if (header.msg_type === "stream") shown += content.text;
    // The cell waits for the file; it would wait forever if its words waited for the cell.
    if (shown.endsWith("two\n")) writeFileSync(go, "");
  });
  expect(reply.status).toBe("ok");
});

test("an interrupt while nothing runs is of no consequence", async () => {
  await kernel.client.interrupt();
  expect((await kernel.run("1")).reply.status).toBe("ok");
});

test("a late end of an abandoned cell does not undo what later cells declared", async () => {
  await interrupted("await new Promise((resolve) => setTimeout(resolve, 700));");
  await kernel.run("const newer = 1;");
  await kernel.run("await new Promise((resolve) => setTimeout(resolve, 800));");
  expect((await kernel.run("newer")).reply.status).toBe("ok");
});

// The last test of this kernel: from here on Node 20 would end the process where foreign code is stopped by force.
test("a loop inside of AsyncLocalStorage ends as any other", async () => {
  const reply = await interrupted(`
    import { AsyncLocalStorage } from "node:async_hooks";
    await new AsyncLocalStorage().run(1, async () => {
      await 1;
      while (true) try { JSON.parse("}"); } catch {}
    });
  `);
  expect(reply).toMatchObject({ status: "error", ename: "Interrupted" });
  expect((await kernel.run("1")).reply.status).toBe("ok");
});
