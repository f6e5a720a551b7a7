import { expect, test } from "vitest";
import { Interrupter } from "../../kernel/session/interrupter.js";
import { Shared } from "../../kernel/session/shared.js";

test("code behind a long compilation is asked again before it is forced, and compilation never is", async () => {
  const shared = new Shared();
  const events: string[] = [];
  const forced = new Promise<void>((resolve) => {
    process.once("SIGINT", () => {
      events.push("force");
      resolve();
    });
  });
  shared.phase = "compiling";
  new Interrupter(shared, () => events.push("ask")).raise();
  await new Promise((later) => setTimeout(later, 1_000));
  expect(events).toEqual(["ask"]);
  expect(shared.stop).toBe(false);
  shared.phase = "sync";
  await forced;
  shared.ended = shared.interrupts;
  expect(events).toEqual(["ask", "ask", "ask", "force"]);
});
