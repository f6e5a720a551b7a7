import { describe, expect, test } from "vitest";
import { useKernel } from "./fixtures.js";

const kernel = useKernel();
const cell = "(globalThis as any)[Symbol.for('skbook.cell')]()";

describe("running a cell", () => {
  test("sends the input, the result with its count, and the reply", async () => {
    const first = await kernel.run("1 + 1");
    const [input] = first.of("execute_input");
    const [result] = first.of("execute_result");
    expect(input?.code).toBe("1 + 1");
    expect(result).toMatchObject({ data: { "text/plain": "2" }, metadata: {} });
    expect(first.reply).toMatchObject({ status: "ok", payload: [], user_expressions: {} });
    expect(result?.execution_count).toBe(first.reply.execution_count);
    const second = await kernel.run("2");
    expect(second.reply.execution_count).toBe(Number(first.reply.execution_count) + 1);
  });

  test("shows an object by its own bundle, also when that takes time", async () => {
    const { of } = await kernel.run(`({
      async [Symbol.for("Jupyter.display")]() { await 1; return { "text/html": "<b>7</b>", "text/plain": "7" }; },
    })`);
    expect(of("execute_result")[0]?.data).toEqual({ "text/html": "<b>7</b>", "text/plain": "7" });
  });

  test("waits for a promise that is the last expression", async () => {
    const { of } = await kernel.run("new Promise<number>((resolve) => setTimeout(() => resolve(5), 20))");
    expect(of("execute_result")[0]?.data).toEqual({ "text/plain": "5" });
  });

  test("shows nothing for undefined, a declaration, an empty cell", async () => {
    for (const code of ["undefined", "const nothing = 1;", "", "// words"]) {
      const { reply, of } = await kernel.run(code);
      expect(reply.status).toBe("ok");
      expect(of("execute_result")).toEqual([]);
    }
  });

  test("displays and updates by id, in order with the text around it", async () => {
    const { messages, of } = await kernel.run(`
      console.log("before");
      ${cell}.display({ "text/plain": "1 %" }, { id: "progress" });
      console.log("between");
      ${cell}.display({ "text/plain": "2 %" }, { id: "progress", update: true });
    `);
    const types = messages.map(({ header }) => header.msg_type).filter((type) => !/status|input/.test(type));
    expect(types).toEqual(["stream", "display_data", "stream", "update_display_data"]);
    expect(of("display_data")[0]).toMatchObject({
      data: { "text/plain": "1 %" },
      transient: { display_id: "progress" },
    });
    expect(of("update_display_data")[0]).toMatchObject({ transient: { display_id: "progress" } });
  });

  test("gathers 20,000 lines into few messages, none lost", async () => {
    const { of } = await kernel.run("for (let i = 0; i < 20_000; i++) console.log(`line ${i}`);");
    const text = of("stream")
      .map((content) => content.text)
      .join("");
    expect(text).toBe(Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`).join(""));
    expect(of("stream").length).toBeLessThan(50);
  });

  test("keeps bytes of a character together that were written apart", async () => {
    const { of } = await kernel.run(
      "process.stdout.write(Buffer.from([0xe2, 0x82])); process.stdout.write(Buffer.from([0xac]));",
    );
    expect(
      of("stream")
        .map((content) => content.text)
        .join(""),
    ).toBe("€");
  });

  test("tells the cell's id", async () => {
    const { of } = await kernel.run(`${cell}.id`);
    expect(of("execute_result")[0]?.data).toEqual({ "text/plain": "'test-cell'" });
  });

  test("clears what was shown, in order with the rest", async () => {
    const { messages, of } = await kernel.run(`
      import { clearOutput } from "skbook";
      console.log("before");
      clearOutput();
      clearOutput({ wait: true });
      console.log("after");
    `);
    const types = messages.map(({ header }) => header.msg_type).filter((type) => !/status|input/.test(type));
    expect(types).toEqual(["stream", "clear_output", "clear_output", "stream"]);
    expect(of("clear_output")).toEqual([{ wait: false }, { wait: true }]);
  });

  test("hands what is to be paged to the front end with the reply", async () => {
    const { reply } = await kernel.run('import { page } from "skbook"; await page("a long text");');
    expect(reply.payload).toEqual([{ source: "page", data: { "text/plain": "a long text" }, start: 0 }]);
    expect((await kernel.run("1")).reply.payload).toEqual([]);
  });

  test("a silent request puts nothing out and is not counted", async () => {
    const before = await kernel.run("0");
    const types: string[] = [];
    const reply = await kernel.client.request(
      "shell",
      "execute_request",
      { code: "1", silent: true },
      {},
      (message) => types.push(message.header.msg_type),
    );
    expect(reply).toMatchObject({ status: "ok", execution_count: before.reply.execution_count });
    expect(types).toEqual(["status"]);
  });
});

describe("a request's options", () => {
  const execute = async (content: Record<string, unknown>) => {
    const types: string[] = [];
    const reply = await kernel.client.request("shell", "execute_request", content, {}, ({ header }) =>
      types.push(header.msg_type),
    );
    return { reply, types };
  };

  test("without store_history it is shown, but not counted nor remembered", async () => {
    const before = await kernel.run("0");
    const { reply, types } = await execute({ code: "'unremembered'", store_history: false });
    expect(reply).toMatchObject({ status: "ok", execution_count: before.reply.execution_count });
    expect(types).toEqual(["status", "execute_input", "execute_result"]);
    const { history } = await kernel.client.request("shell", "history_request", {
      hist_access_type: "search",
      pattern: "*unremembered*",
    });
    expect(history).toEqual([]);
  });

  test("user_expressions are evaluated after the cell, each with its own value or error", async () => {
    const { reply, types } = await execute({
      code: "const bytes = 7; let writes = 0;",
      user_expressions: {
        product: "bytes * 6 // a comment",
        object: "{ bytes }",
        later: "await Promise.resolve(bytes)",
        nothing: "undefined",
        shown: "({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<b>7</b>' }) })",
        thrown: "(() => { throw new RangeError('far'); })()",
        unknown: "noSuchName",
        statement: "writes = 1; bytes",
      },
    });
    const value = (text: string) => ({ status: "ok", data: { "text/plain": text }, metadata: {} });
    expect(reply).toMatchObject({
      status: "ok",
      user_expressions: {
        product: value("42"),
        object: value("{ bytes: 7 }"),
        later: value("7"),
        nothing: value("undefined"),
        shown: { status: "ok", data: { "text/html": "<b>7</b>" }, metadata: {} },
        thrown: { status: "error", ename: "RangeError", evalue: "far", traceback: expect.any(Array) },
        unknown: { status: "error", ename: "CompileError" },
        statement: { status: "error", ename: "CompileError" },
      },
    });
    expect(types).toEqual(["status", "execute_input"]);
    expect((await kernel.run("writes")).of("execute_result")[0]?.data).toEqual({ "text/plain": "0" });
  });

  test("user_expressions of a cell that fails are not evaluated", async () => {
    const { reply } = await execute({ code: "throw new Error('no')", user_expressions: { one: "1" } });
    expect(reply).toMatchObject({ status: "error" });
    expect(reply.user_expressions).toBeUndefined();
  });

  test("a silent request's expressions are evaluated, and nothing else is said", async () => {
    const { reply, types } = await execute({
      code: "throw_away = 1",
      silent: true,
      user_expressions: { two: "1 + 1" },
    });
    expect(reply.status).toBe("error");
    expect(types).toEqual(["status"]);
    const again = await execute({ code: "", silent: true, user_expressions: { two: "1 + 1" } });
    expect(again.reply.user_expressions).toMatchObject({ two: { data: { "text/plain": "2" } } });
    expect(again.types).toEqual(["status"]);
  });

  test("with stop_on_error off, what waits behind a failing cell runs", async () => {
    const failing = execute({ code: "throw new Error('no')", stop_on_error: false });
    const waiting = kernel.run("'ran'");
    expect((await failing).reply.status).toBe("error");
    expect((await waiting).reply.status).toBe("ok");
  });
});

describe("a cell that fails", () => {
  test("says name, message and the frames of cells, none of the kernel", async () => {
    const { reply, of } = await kernel.run(
      "class DropError extends Error { name = 'DropError' }\nthrow new DropError('gone');",
    );
    expect(reply).toMatchObject({ status: "error", ename: "DropError", evalue: "gone" });
    const [error] = of("error");
    expect(error).toMatchObject({ ename: "DropError", evalue: "gone" });
    const [head, ...frames] = (error?.traceback ?? []) as string[];
    expect(head).toBe("DropError: gone");
    expect(frames.slice(0, 3)).toEqual([
      expect.stringMatching(/^cell \[\d+\], line 2:$/),
      "    throw new DropError('gone');",
      "          ^",
    ]);
    expect(frames[3]).toMatch(/^\s+at cell \[\d+\]:2:7$/);
    expect(JSON.stringify(error)).not.toMatch(/kernel|tslab|node:/);
  });

  test("shows a value that is no error, and the cause of one that is", async () => {
    expect((await kernel.run("throw 'words'")).reply).toMatchObject({ ename: "Thrown", evalue: "'words'" });
    const { reply } = await kernel.run("throw new Error('outer', { cause: new TypeError('inner') })");
    expect((reply.traceback as string[]).at(-1)).toBe("caused by TypeError: inner");
  });

  test("has shown what can't be sent: the kernel lives on", async () => {
    for (const data of [
      "{ 'application/json': { at_ns: 1n } }",
      "(() => { const c: any = {}; c.c = c; return c; })()",
    ]) {
      const shown = await kernel.run(`({ [Symbol.for("Jupyter.display")]: () => (${data}) })`);
      expect(shown.reply).toMatchObject({ status: "error", ename: "TypeError" });
      const displayed = await kernel.run(
        `import { display } from "skbook"; await display({ [Symbol.for("Jupyter.display")]: () => (${data}) })`,
      );
      expect(displayed.reply).toMatchObject({ status: "error", ename: "TypeError" });
    }
    expect((await kernel.run("1")).reply.status).toBe("ok");
  });

  test("ends the requests that had arrived, and no later one", async () => {
    const failing = kernel.run(
      "await new Promise((resolve) => setTimeout(resolve, 100)); throw new Error('stop')",
    );
    const waiting = kernel.run("'ran'");
    expect((await failing).reply.status).toBe("error");
    const { reply, messages } = await waiting;
    expect(reply).toEqual({ status: "aborted" });
    expect(messages.map(({ header }) => header.msg_type)).toEqual(["status"]);
    expect((await kernel.run("'ran'")).reply.status).toBe("ok");
  });

  test("an error nobody waits for is shown and the kernel lives on", async () => {
    const { of } = await kernel.run(
      "setTimeout(() => { throw new Error('late'); }, 5); await new Promise((resolve) => setTimeout(resolve, 200));",
    );
    expect(of("stream")[0]).toMatchObject({ name: "stderr", text: expect.stringContaining("Error: late") });
    expect((await kernel.run("1")).reply.status).toBe("ok");
  });
});

describe("questions", () => {
  const ask = (type: string, content: Record<string, unknown>) =>
    kernel.client.request("shell", type, content);

  test("kernel_info describes the language", async () => {
    expect(await ask("kernel_info_request", {})).toMatchObject({
      status: "ok",
      protocol_version: "5.5",
      supported_features: [],
      banner: expect.stringContaining("skbook"),
      implementation: "skbook",
      language_info: { name: "typescript", file_extension: ".ts" },
    });
  });

  test("completes members; positions are characters, not UTF-16 units", async () => {
    const code = "const face = '😀'; face.toUpp";
    const reply = await ask("complete_request", { code, cursor_pos: [...code].length });
    expect(reply).toMatchObject({ matches: ["toUpperCase"], cursor_end: [...code].length });
    expect(reply.cursor_start).toBe([...code].length - "toUpp".length);
  });

  test("knows the parameters of probes, their units and columns", async () => {
    await kernel.run("import { dropEvents, localhost } from 'skbook'; const host = localhost();");
    const code = "'😀'; await dropEvents(host, { ";
    const inside = await ask("complete_request", { code, cursor_pos: [...code].length });
    expect(inside.matches).toEqual(
      expect.arrayContaining(["seconds", "src", "dstPort", "reason", "maxEvents", "stacks"]),
    );
    expect(inside.matches).not.toContain("host");
    const about = async (text: string, at: string) => {
      const cursor_pos = text.indexOf(at) + 1;
      const { data } = await ask("inspect_request", { code: text, cursor_pos, detail_level: 0 });
      return data as { "text/plain": string; "text/markdown": string };
    };
    const call = "dropEvents(host, { seconds: 5, src: '::1', stacks: true })";
    expect((await about(call, "seconds"))["text/plain"]).toMatch(/number\n\nHow long to measure, in seconds/);
    expect((await about(call, "src"))["text/plain"]).toMatch(/Source address or prefix, IPv4 or IPv6/);
    expect((await about(call, "stacks"))["text/plain"]).toMatch(/Kernel stack with every row/);
    const probe = await about(call, "dropEvents");
    expect(probe["text/markdown"]).toMatch(/^```typescript\n\(alias\) dropEvents\(host: Host, .*\n```\n\n/);
    expect(probe["text/plain"]).toMatch(/Columns:\n+- `time_ns` BIGINT, ns since 1970/);
    // Behind the parenthesis of a call, too.
    expect((await about("dropEvents(", "("))["text/plain"]).toMatch(
      /parameters: CommonParameters & DropEventsParameters/,
    );
  });

  test("inspects names, with what an earlier cell has declared", async () => {
    await kernel.run(
      "/** Counts drops. */\nfunction dropCount(site: string): number { return site.length; }",
    );
    const known = await ask("inspect_request", { code: "dropCount", cursor_pos: 3, detail_level: 0 });
    expect(known.found).toBe(true);
    expect(known.data).toMatchObject({
      "text/plain": expect.stringMatching(/dropCount\(site: string\): number\s+Counts drops/),
    });
    expect(await ask("inspect_request", { code: "unknownName", cursor_pos: 3 })).toMatchObject({
      found: false,
    });
  });

  test.each([
    ["const a = 1", "complete"],
    ["for await (const x of []) {}", "complete"],
    ["function f() {", "incomplete"],
    ["const 1 = 2", "invalid"],
  ])("%s is %s", async (code, status) => {
    expect(await ask("is_complete_request", { code })).toMatchObject({ status });
  });

  test("history: tail, range and search", async () => {
    const first = await kernel.run("'aa-history'");
    await kernel.run("'ab-history'");
    const line = Number(first.reply.execution_count);
    const tail = await ask("history_request", { hist_access_type: "tail", n: 2, output: false, raw: true });
    expect(tail.history).toEqual([
      [1, line, "'aa-history'"],
      [1, line + 1, "'ab-history'"],
    ]);
    const range = await ask("history_request", { hist_access_type: "range", start: line, stop: line + 1 });
    expect(range.history).toEqual([[1, line, "'aa-history'"]]);
    const search = await ask("history_request", {
      hist_access_type: "search",
      pattern: "*b-hist*",
      output: true,
    });
    expect(search.history).toEqual([[1, line + 1, ["'ab-history'", null]]]);
  });

  test("comm_info: there are none", async () => {
    expect(await ask("comm_info_request", {})).toEqual({ status: "ok", comms: {} });
  });

  test("debug_request is refused in the debug adapter's words", async () => {
    const content = { type: "request", seq: 7, command: "initialize", arguments: {} };
    expect(await kernel.client.request("control", "debug_request", content)).toMatchObject({
      type: "response",
      request_seq: 7,
      command: "initialize",
      success: false,
    });
  });

  test("are answered while a cell waits, and kernel_info while one is busy", async () => {
    const waiting = kernel.run("await new Promise((resolve) => setTimeout(resolve, 1000)); 'waited'");
    const reply = await ask("complete_request", { code: "Math.ma", cursor_pos: 7 });
    expect(reply.matches).toContain("max");
    let over = false;
    const busy = kernel.run("const until = Date.now() + 500; while (Date.now() < until); 'busy'").then(() => {
      over = true;
    });
    await ask("kernel_info_request", {});
    expect(over).toBe(false);
    await Promise.all([waiting, busy]);
  });
});
