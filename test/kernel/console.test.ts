import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readJson, skbook, useFolder, useKernel, type WrittenNotebook, writeNotebook } from "./fixtures.js";

const lines = 20_000;
const line = (index: number) => `line ${index} of a cell that says too much about what it does`;
const all = Array.from({ length: lines }, (_, index) => `${line(index)}\n`).join("");
const source =
  "const line = (index: number) => `line ${index} of a cell that says too much about what it does`;\n";

describe("20,000 lines on the console", () => {
  const kernel = useKernel();

  test("come whole, in order, in few messages", async () => {
    await kernel.run(source);
    const began = performance.now();
    const { of, reply } = await kernel.run(
      `for (let index = 0; index < ${lines}; index++) console.log(line(index));`,
    );
    const ms = performance.now() - began;
    const messages = of("stream");
    expect(reply.status).toBe("ok");
    expect(messages.map(({ text }) => text).join("")).toBe(all);
    expect(messages.length).toBeLessThan(all.length / 65_536 + ms / 40 + 2);
  });

  test("leave displays, errors and the result where they belong among them", async () => {
    const { messages } = await kernel.run(`import { display } from "skbook";
for (let index = 0; index < ${lines}; index++) {
  console.log(line(index));
  if (index % 5_000 === 2_500) await display(index);
  if (index % 5_000 === 4_000) console.error("at", index);
}
"the end"`);
    const events = messages.flatMap(({ header, content }) => {
      const data = content.data as Record<string, string> | undefined;
      if (header.msg_type === "display_data") return [`shown ${data?.["text/plain"]}`];
      if (header.msg_type === "execute_result") return [`result ${data?.["text/plain"]}`];
      return header.msg_type === "stream" ? String(content.text).trimEnd().split("\n") : [];
    });
    const expected = Array.from({ length: lines }, (_, index) => [
      line(index),
      ...(index % 5_000 === 2_500 ? [`shown ${index}`] : []),
      ...(index % 5_000 === 4_000 ? [`at ${index}`] : []),
    ]).flat();
    expect(events).toEqual([...expected, "result 'the end'"]);
  });

  test("ten times over leave no memory behind", async () => {
    const used = async () => {
      const { of } = await kernel.run(
        "await new Promise((done) => setTimeout(done, 300)); process.memoryUsage.rss()",
      );
      return Number((of("execute_result")[0]?.data as Record<string, string> | undefined)?.["text/plain"]);
    };
    const print = `for (let index = 0; index < ${lines}; index++) console.log(line(index));`;
    for (let round = 0; round < 3; round++) await kernel.run(print);
    const before = await used();
    for (let round = 0; round < 10; round++) await kernel.run(print);
    expect((await used()) - before).toBeLessThan(40e6);
  });
});

describe("a notebook with 20,000 lines", () => {
  const folder = useFolder();

  test("keeps them as one output", async () => {
    const notebook = writeNotebook(join(folder.path, "talks.ipynb"), [
      `${source}for (let index = 0; index < ${lines}; index++) console.log(line(index));`,
    ]);
    const [out, page] = [join(folder.path, "out.ipynb"), join(folder.path, "out.html")];
    expect((await skbook(["run", notebook, "-o", out, "--html", page]).done).code).toBe(0);
    const [cell] = readJson<WrittenNotebook>(out).cells;
    expect(cell?.outputs).toHaveLength(1);
    expect([cell?.outputs[0]?.text].flat().join("")).toBe(all);
    expect(readFileSync(page, "utf8")).toContain(line(lines - 1));
  });
});
