import { expect, test } from "vitest";
import { questionIn } from "../../kernel/session/documentation.js";
import { useKernel } from "./fixtures.js";

const kernel = useKernel();

/** What a cell has shown in the front end's pager. */
async function paged(code: string): Promise<Record<string, unknown>> {
  const { reply } = await kernel.run(code);
  expect(reply, String(reply.evalue)).toMatchObject({ status: "ok" });
  const [page, ...more] = reply.payload as { source: string; data: Record<string, unknown> }[];
  expect(page?.source).toBe("page");
  expect(more).toEqual([]);
  return page?.data ?? {};
}

test("a cell has help without an import, until it declares the name", async () => {
  const { of } = await kernel.run('help("retransmission")');
  const [shown] = of("execute_result");
  expect(shown?.data).toMatchObject({
    "text/plain": expect.stringMatching(/^ {2}retransmissions /m),
    "text/html": expect.stringContaining("<details open"),
  });
  expect((await kernel.run("help(5)")).reply).toMatchObject({ ename: "CompileError" });
  const own = await kernel.run("const help = (n: number) => n + 1; help(5)");
  expect(own.of("execute_result")[0]?.data).toEqual({ "text/plain": "6" });
});

test.each(["?flows", "flows?", "??flows", "flows??", "  ? flows ;"])(
  "%s shows what is known of a name that isn't imported",
  async (code) => {
    const data = await paged(code);
    expect(data["text/plain"]).toContain('import { flows, openCapture } from "skbook";');
    expect(data["text/html"]).toContain("<code>direction_by</code>");
  },
);

test("as the last line of a cell it comes after the cell has run", async () => {
  const data = await paged("import { dropSummary } from 'skbook';\nconst seen = [1, 2];\nseen?");
  expect(data["text/plain"]).toContain("const seen: number[]");
  const imported = await paged("?dropSummary");
  expect(imported["text/plain"]).toMatch(/^\(alias\) const dropSummary: Probe<.*maxEntries|drops/s);
  expect(imported["text/html"]).toContain("Parameter");
  const member = await paged("?seen.push");
  expect(member["text/plain"]).toContain("push(...items: number[]): number");
});

test("of a cell that fails nothing is shown, and a name that nobody knows is searched for", async () => {
  const { reply } = await kernel.run("throw new Error('no')\nflows?");
  expect(reply).toMatchObject({ status: "error", evalue: "no" });
  expect((await paged("retransmission?"))["text/plain"]).toContain("retransmissionBursts");
  expect((await paged("?xqzzy"))["text/plain"]).toContain('Nothing is called or says "xqzzy"');
});

test("the end of no TypeScript is taken for a question", () => {
  for (const code of [
    "a ? b : c",
    "const t = `\nname?`",
    "a\n  ?.b",
    "// why?",
    "f(x)?.y",
    "x!",
    "/* a\nb? */",
  ])
    expect(questionIn(code), code).toBeUndefined();
  expect(questionIn("const a = 1;\n  ?a")).toEqual({ code: "const a = 1;", name: "a" });
});

test("a console that asks is told that the line is complete", async () => {
  const reply = await kernel.client.request("shell", "is_complete_request", { code: "?flows" });
  expect(reply).toMatchObject({ status: "complete" });
});
