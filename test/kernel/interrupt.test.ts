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
