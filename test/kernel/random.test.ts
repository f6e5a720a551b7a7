import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Content, Header } from "../../kernel/wire/index.js";
import { type RandomCell, randomCells } from "./random-cells.js";
import { Wiretap } from "./wiretap.js";

const seed = 20_250;
const count = 1_000;
/** After these, whatever is loaded late is there. */
const warm = 300;
/** What the later cells may add, in MB: little that is alive; of the process, room that the allocators keep. */
const growth = { live: 30, resident: 300 };

const tap = new Wiretap();
beforeAll(() => tap.connected());
afterAll(() => tap.end());

/** Sends some cells at once, and questions about code among them; resolves when all are done. */
async function run(cells: RandomCell[]): Promise<{ cells: Header[]; questions: Header[] }> {
  const questions: Header[] = [];
  const ask = (type: string, content: Content) => questions.push(tap.send("shell", type, content));
  const sent = cells.map(({ code, options, question }) => {
    const request = tap.send("shell", "execute_request", { code, ...options });
    if (question === "complete") ask("complete_request", { code: "Math.ab", cursor_pos: 7 });
    if (question === "inspect") ask("inspect_request", { code: "Math.abs", cursor_pos: 6, detail_level: 0 });
    if (question === "is_complete") ask("is_complete_request", { code });
    if (question === "history") ask("history_request", { hist_access_type: "tail", n: 3 });
    if (question === "kernel_info") ask("kernel_info_request", {});
    return request;
  });
  const [first] = sent;
  const interruptAfterMs = cells[0]?.interruptAfterMs;
  if (interruptAfterMs !== undefined && first !== undefined) {
    await tap.until(() => tap.broadcastsOf(first).some(({ header }) => header.msg_type === "execute_input"));
    await delay(interruptAfterMs);
    questions.push(tap.send("control", "interrupt_request", {}));
  }
  await Promise.all([...sent, ...questions].map((request) => tap.answered(request)));
  return { cells: sent, questions };
}

/** What the kernel holds once its garbage is collected: the values of the main thread, and the process. */
async function memory(): Promise<{ live: number; resident: number }> {
  const code = `
    import { setFlagsFromString } from "node:v8";
    import { runInNewContext } from "node:vm";
    setFlagsFromString("--expose-gc");
    runInNewContext("gc")();
    const { heapUsed, external } = process.memoryUsage();`;
  const user_expressions = { live: "heapUsed + external" };
  const request = tap.send("shell", "execute_request", { code, silent: true, user_expressions });
  const reply = (await tap.answered(request)) as {
    user_expressions: { live: { data: Record<string, string> } };
  };
  const status = readFileSync(`/proc/${tap.kernel.pid}/status`, "utf8");
  return {
    live: Number(reply.user_expressions.live.data["text/plain"]) / 1e6,
    resident: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1e3,
  };
}

test(`${count} random cells: one reply and one idle each, in order, and no growing memory`, {
  timeout: 300_000,
}, async () => {
  const asked: Header[] = [];
  const executed: Header[] = [];
  const statuses: Record<string, number> = {};
  let before: Awaited<ReturnType<typeof memory>> | undefined;
  for (const burst of randomCells(seed, count)) {
    if (process.env.TRACE)
      console.error(executed.length, JSON.stringify(burst.map((c) => [c.code.slice(0, 60), c.options])));
    const requests = await run(burst);
    for (const [index, request] of requests.cells.entries()) {
      const { status, evalue } = tap.repliesTo(request)[0]?.content ?? {};
      statuses[String(status)] = (statuses[String(status)] ?? 0) + 1;
      const mayBeAborted = burst
        .slice(0, index)
        .some(({ status, options }) => status === "error" && options.stop_on_error !== false);
      if (mayBeAborted && status === "aborted") continue;
      const { code, status: expected } = burst[index] as RandomCell;
      expect({ code, evalue, status }).toEqual({ code, evalue, status: expected });
    }
    executed.push(...requests.cells);
    asked.push(...requests.questions);
    if (executed.length >= warm) before ??= await memory();
  }
  const after = await memory();

  for (const request of [...executed, ...asked]) {
    const states = tap
      .broadcastsOf(request)
      .map(({ content }) => content.execution_state)
      .filter((state) => state !== undefined);
    expect([request.msg_type, ...states]).toEqual([request.msg_type, "busy", "idle"]);
    expect(tap.repliesTo(request)).toHaveLength(1);
  }
  const ids = new Set(executed.map(({ msg_id }) => msg_id));
  const order = (messages: typeof tap.replies) =>
    messages.map(({ parent }) => parent.msg_id).filter((id) => id !== undefined && ids.has(id));
  expect(order(tap.replies)).toEqual([...ids]);
  expect(order(tap.broadcasts.filter(({ content }) => content.execution_state === "idle"))).toEqual([...ids]);
  expect(Object.keys(statuses).sort()).toEqual(["aborted", "error", "ok"]);
  expect(after.live - (before?.live ?? 0)).toBeLessThan(growth.live);
  expect(after.resident - (before?.resident ?? 0)).toBeLessThan(growth.resident);
});
