import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { ask, askSecret, live, record, replay, verifyCase } from "../../lib/index.js";
import { enterCell } from "../fixtures/cell.js";

const root = mkdtempSync(join(tmpdir(), "skbook-ask-"));
const folder = join(root, "case");
afterAll(() => rmSync(root, { recursive: true, force: true }));
afterEach(() => {
  live();
  delete (globalThis as Record<symbol, unknown>)[Symbol.for("skbook.cell")];
});

test("an answer is recorded and replayed, a secret is in no file of the case", async () => {
  await record(folder);
  const leave = enterCell("questions", async (prompt, { secret }) =>
    secret ? "hunter2-hunter2" : `answer to ${prompt}`,
  );
  expect([await ask("a"), await askSecret("pw"), await ask("b")]).toEqual([
    "answer to a",
    "hunter2-hunter2",
    "answer to b",
  ]);
  leave();
  expect((await verifyCase(folder)).intact).toBe(true);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  for (const file of files) {
    expect(readFileSync(join(file.parentPath, file.name), "latin1")).not.toContain("hunter2");
  }

  await replay(folder);
  expect([await ask("a"), await askSecret("pw"), await ask("b")]).toEqual(["answer to a", "", "answer to b"]);
  await expect(ask("c")).rejects.toMatchObject({ code: "NOT_RECORDED" });
});

test("where nobody can answer, the error says what to do, and nothing is recorded", async () => {
  const unanswered = join(root, "unanswered");
  await record(unanswered);
  await expect(ask("device")).rejects.toMatchObject({ code: "STDIN_NOT_ALLOWED", tried: 'ask "device"' });
  const leave = enterCell("questions");
  await expect(askSecret("device")).rejects.toMatchObject({ code: "STDIN_NOT_ALLOWED" });
  leave();
  expect((await verifyCase(unanswered)).recordings).toEqual([]);
});

test("an interrupt ends the question", async () => {
  const leave = enterCell(
    "questions",
    (_, { signal }) => new Promise((_, reject) => signal?.addEventListener("abort", reject)),
  );
  const asked = ask("device");
  setTimeout(leave.interrupt, 20);
  await expect(asked).rejects.toMatchObject({ code: "INTERRUPTED" });
  leave();
});
