import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { JSDOM } from "jsdom";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { live, replay } from "../../lib/cases/index.js";
import type { Cell, MimeBundle } from "../../lib/index.js";
import { watched } from "../../lib/progress/index.js";
import { enterCell } from "../fixtures/cell.js";
import { useJupyter } from "../fixtures/jupyter.js";
import { describeLive } from "../fixtures/needs.js";
import { readJson, useKernel, type WrittenNotebook, writeNotebook } from "../kernel/fixtures.js";

interface Shown {
  bundle: MimeBundle;
  id: string | undefined;
  update: boolean;
  at: number;
}

/** A cell whose front end has a user, or none, and what it was shown. */
function cellWith(ask: Cell["ask"]): { shown: Shown[]; leave: () => void } {
  const shown: Shown[] = [];
  const began = performance.now();
  const leave = enterCell("one", ask, (bundle, { id, update = false } = {}) => {
    shown.push({ bundle, id, update, at: performance.now() - began });
  });
  return { shown, leave };
}

const answer = async () => "";
let leave = () => {};
afterEach(() => {
  leave();
  live();
});

describe("the bar of work that takes its time", () => {
  test("comes after a second, stays in its place, follows the work and is gone at the end", async () => {
    const cell = cellWith(answer);
    leave = cell.leave;
    const began = performance.now();
    const standing = () => ({ part: (performance.now() - began) / 2_000, facts: ["7 packets"] });
    expect(
      await watched("capture on <lo>", standing, async () => {
        await sleep(2_000);
        return 42;
      }),
    ).toBe(42);
    const { shown } = cell;
    expect(shown[0]?.at).toBeGreaterThanOrEqual(990);
    expect(new Set(shown.map(({ id }) => id)).size).toBe(1);
    expect(shown.map(({ update }) => update)).toEqual([false, ...shown.slice(1).map(() => true)]);
    expect(shown.length).toBeGreaterThan(3);
    expect(shown.length).toBeLessThanOrEqual(6);
    expect(shown.at(-1)?.bundle).toEqual({});
    const drawn = shown.slice(0, -1).map(({ bundle }) => {
      const { document } = new JSDOM(bundle["text/html"] as string).window;
      return { value: document.querySelector("progress")?.value ?? 0, text: document.body.textContent };
    });
    for (const [index, { value, text }] of drawn.entries()) {
      expect(value).toBeGreaterThan(drawn[index - 1]?.value ?? 0.45);
      expect(text).toMatch(/^capture on <lo> \d\d % · 7 packets$/);
    }
    expect(shown[0]?.bundle["text/plain"]).toMatch(/^capture on <lo>: \[#{12}-{12}\] 5\d % · 7 packets$/);
  });

  test("has no share where nobody knows the whole", async () => {
    const cell = cellWith(answer);
    leave = cell.leave;
    await watched(
      "dropEvents on h1",
      () => ({ facts: ["attaching"] }),
      () => sleep(1_100),
    );
    expect(cell.shown[0]?.bundle["text/plain"]).toBe("dropEvents on h1: attaching");
    expect(cell.shown[0]?.bundle["text/html"]).toMatch(/<progress max="1" aria-label/);
  });

  test("goes when the work fails, and the failure is the work's", async () => {
    const cell = cellWith(answer);
    leave = cell.leave;
    const failing = watched(
      "work",
      () => ({ facts: ["on"] }),
      async () => {
        await sleep(1_100);
        throw new RangeError("too far");
      },
    );
    await expect(failing).rejects.toThrow("too far");
    expect(cell.shown.map(({ bundle }) => Object.keys(bundle).length)).toEqual([2, 0]);
  });

  test.each([
    ["short work", answer, 200, () => {}],
    ["work that nobody watches", undefined, 1_400, () => {}],
    ["a replay", answer, 1_400, () => replay("datasets/first-look")],
  ])("%s has none", async (_, ask, time, before) => {
    await before();
    const cell = cellWith(ask);
    leave = cell.leave;
    await watched(
      "work",
      () => ({ part: 0.5, facts: [] }),
      () => sleep(time),
    );
    expect(cell.shown).toEqual([]);
  });

  test("work outside a notebook has none, and is done", async () => {
    expect(
      await watched(
        "work",
        () => ({ facts: [] }),
        async () => 42,
      ),
    ).toBe(42);
  });
});

const captureCell = `import { capture, localhost, packets } from "skbook";
const made = await capture(localhost(), { device: "lo", filter: "udp port 47033", seconds: 1.5 });
made.facts.packets`;

describeLive("a capture in a notebook", ["root", "tshark", "dumpcap"], () => {
  const kernel = useKernel();

  test("shows its bar to a user, and leaves an output of no type", async () => {
    const messages: { type: string; content: Record<string, unknown> }[] = [];
    const content = { code: captureCell, silent: false, store_history: true, allow_stdin: true };
    const reply = await kernel.client.request("shell", "execute_request", content, {}, (message) =>
      messages.push({ type: message.header.msg_type, content: message.content }),
    );
    expect(reply).toMatchObject({ status: "ok" });
    const displays = messages.filter(({ type }) => type.includes("display_data"));
    expect(displays[0]?.type).toBe("display_data");
    expect(displays.slice(1).map(({ type }) => type)).toEqual(
      displays.slice(1).map(() => "update_display_data"),
    );
    const texts = displays.map(({ content }) => (content.data as MimeBundle)["text/plain"]);
    expect(texts.slice(0, -1).join("\n")).toMatch(
      /capture on lo of localhost: \[#+-*\] \d+ % · \d\.\d of 1\.5 s · 0 packets · 0 packets\/s on average/,
    );
    expect(displays.at(-1)?.content.data).toEqual({});
    expect(messages.at(-1)).toMatchObject({
      type: "execute_result",
      content: { data: { "text/plain": "0" } },
    });
  });

  test("shows none where nobody could answer a question", async () => {
    const { of } = await kernel.run(captureCell);
    expect(of("display_data")).toEqual([]);
    expect(of("execute_result")).toMatchObject([{ data: { "text/plain": "0" } }]);
  });
});

describeLive("a capture under nbclient", ["root", "tshark", "dumpcap", "python"], () => {
  const jupyter = useJupyter();
  const folder = mkdtempSync(join(tmpdir(), "skbook-progress-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("saves the result alone", async () => {
    const notebook = writeNotebook(join(folder, "capture.ipynb"), [captureCell]);
    const out = resolve(folder, "out.ipynb");
    await execa(jupyter.python, ["-m", "jupyter", "execute", notebook, `--output=${out}`], {
      cwd: folder,
      env: jupyter.environment,
    });
    expect(readJson<WrittenNotebook>(out).cells[0]?.outputs.map(({ output_type }) => output_type)).toEqual([
      "execute_result",
    ]);
  });
});
