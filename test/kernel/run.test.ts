import { existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../kernel/package.js";
import { readJson, skbook, useFolder, type WrittenNotebook, writeNotebook } from "./fixtures.js";

const folder = useFolder();
const at = (name: string) => join(folder.path, name);
const parameters = {
  source:
    "const seconds = 5;\nlet device = 'eth0';\nconst ports: number[] = [];\nconst note: string | null = null;",
  tags: ["parameters"],
};
const story = [
  { source: "# Where do the packets go?\n\n<b>not bold</b>\n\n```ts\nconst a = 1;\n```", markdown: true },
  parameters,
  "console.log('\\x1b[31mred\\x1b[0m <tag>');\n[seconds, device, ports, note]",
  "({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<table><tr><td>12</td></tr></table>', 'text/plain': '12' }) })",
];

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 50));
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("a notebook that passes", () => {
  test("exit code 0, a line per cell, outputs and counts written, nothing else left", async () => {
    const notebook = writeNotebook(at("story.ipynb"), story);
    const { code, stderr } = await skbook(["run", notebook, "-o", at("out.ipynb")]).done;
    expect(code).toBe(0);
    expect(stderr.match(/^\[\d\/3\] ok/gm)).toHaveLength(3);
    const out = readJson<WrittenNotebook>(at("out.ipynb"));
    expect(out).toMatchObject({
      nbformat: 4,
      nbformat_minor: 5,
      metadata: { kernelspec: { name: "skbook" } },
    });
    expect(out.cells.map(({ id }) => id)).toEqual(["c0", "c1", "c2", "c3"]);
    expect(out.cells.map(({ execution_count }) => execution_count)).toEqual([undefined, 1, 2, 3]);
    expect(out.cells[2]?.outputs).toEqual([
      { output_type: "stream", name: "stdout", text: ["\x1b[31mred\x1b[0m <tag>\n"] },
      {
        output_type: "execute_result",
        execution_count: 2,
        data: { "text/plain": ["[ 5, 'eth0', [], null ]"] },
        metadata: {},
      },
    ]);
    expect(readdirSync(folder.path).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  test("two runs write the same bytes", async () => {
    const notebook = writeNotebook(at("same.ipynb"), story);
    const files = ["a", "b"].map((name) => [at(`${name}.ipynb`), at(`${name}.html`)] as const);
    for (const [output, html] of files) await skbook(["run", notebook, "-o", output, "--html", html]).done;
    const [first, second] = files.map(([output]) => JSON.stringify(readJson(output)));
    expect(first).toBe(second);
  });

  test("gets typed values for its parameters, never code", async () => {
    const notebook = writeNotebook(at("given.ipynb"), story);
    const given = [
      "-p",
      "seconds=2.5",
      "-p",
      "device=7",
      "-p",
      "ports=[22, 80]",
      "-p",
      "note='; process.exit(9) //",
    ];
    const { code } = await skbook(["run", notebook, "-o", at("given.out.ipynb"), ...given]).done;
    expect(code).toBe(0);
    const { cells } = readJson<WrittenNotebook>(at("given.out.ipynb"));
    expect(cells[2]).toMatchObject({
      id: "injected-parameters",
      metadata: { tags: ["injected-parameters"] },
    });
    expect(JSON.stringify(cells[3]?.outputs)).toContain(
      `[ 2.5, '7', [ 22, 80 ], \\"'; process.exit(9) //\\" ]`,
    );
    // An injected cell gives way to that of the next run.
    const again = await skbook(["run", at("given.out.ipynb"), "-o", at("again.ipynb"), "-p", "seconds=1"])
      .done;
    expect(again.code).toBe(0);
    expect(readJson<WrittenNotebook>(at("again.ipynb")).cells).toHaveLength(story.length + 1);
  });

  test("tells the library to record or replay by absolute path", async () => {
    const notebook = writeNotebook(at("mode.ipynb"), [
      "[process.env.SKBOOK_RECORD, process.env.SKBOOK_REPLAY]",
    ]);
    const environment = { SKBOOK_RECORD: "/elsewhere" };
    const replayed = join(packageRoot, "datasets/first-look");
    const words = [
      "run",
      notebook,
      "-o",
      at("mode.out.ipynb"),
      "--replay",
      relative(process.cwd(), replayed),
    ];
    await skbook(words, environment).done;
    expect(JSON.stringify(readJson<WrittenNotebook>(at("mode.out.ipynb")).cells[0]?.outputs)).toContain(
      `[ undefined, '${replayed}' ]`,
    );
  });
});

describe("the exported page", () => {
  test("is one file that forbids the network, with markdown, code and outputs in it", async () => {
    const notebook = writeNotebook(at("page.ipynb"), story);
    await skbook(["run", notebook, "--html", at("page.html")]).done;
    const { readFileSync } = await import("node:fs");
    const page = readFileSync(at("page.html"), "utf8");
    expect(page).toContain("default-src 'none'");
    expect(page).toContain("<title>Where do the packets go?</title>");
    expect(page).toContain("&lt;b&gt;not bold&lt;/b&gt;");
    expect(page).toContain('<span class="hljs-keyword">const</span>');
    expect(page).toContain("<table><tr><td>12</td></tr></table>");
    expect(page).toContain("red &lt;tag&gt;");
    expect(page).not.toContain("\x1b");
    expect(page).not.toMatch(/(src|href)="(https?:|\/)/);
  });
});

describe("a notebook that fails", () => {
  test("exit code 1 at the first failing cell, its error shown, what came before written", async () => {
    const notebook = writeNotebook(at("fails.ipynb"), ["1", "throw new RangeError('too far')", "3"]);
    const { code, stderr } = await skbook([
      "run",
      notebook,
      "-o",
      at("fails.out.ipynb"),
      "--html",
      at("fails.html"),
    ]).done;
    expect(code).toBe(1);
    expect(stderr).toContain("RangeError: too far");
    const { cells } = readJson<WrittenNotebook>(at("fails.out.ipynb"));
    expect(cells.map(({ outputs }) => outputs.map(({ output_type }) => output_type))).toEqual([
      ["execute_result"],
      ["error"],
      [],
    ]);
    expect(cells[2]?.execution_count).toBeNull();
    expect(existsSync(at("fails.html"))).toBe(true);
  });

  test("a cell that takes too long is interrupted", async () => {
    const notebook = writeNotebook(at("slow.ipynb"), ["await new Promise(() => {});"]);
    const { code, stderr } = await skbook(["run", notebook, "--timeout", "0.5"]).done;
    expect(code).toBe(1);
    expect(stderr).toMatch(/longer than 0\.5 s\nInterrupted/);
  });

  test("a loop of foreign code in a timer's callback, which Node can't end, ends with the kernel", async () => {
    const notebook = writeNotebook(at("timer.ipynb"), [
      'setTimeout(new Function("for (;;);") as () => void, 10); await new Promise(() => {});',
    ]);
    const { code, stderr } = await skbook(["run", notebook, "--timeout", "15"]).done;
    expect(code).toBe(1);
    expect(stderr).toContain("had to be killed");
  });

  test("a cell that ends the kernel is a failure", async () => {
    const notebook = writeNotebook(at("exits.ipynb"), ["process.exit(3)"]);
    const { code, stderr } = await skbook(["run", notebook]).done;
    expect(code).toBe(1);
    expect(stderr).toContain("the kernel has ended (exit code 3)");
  });
});

describe("ended from outside", () => {
  const announcing = [
    `console.log("pid"); import { writeFileSync } from "node:fs"; writeFileSync("PID", String(process.pid)); for (;;);`,
  ];
  const start = (name: string) => {
    const file = at(`${name}.pid`);
    const notebook = writeNotebook(
      at(`${name}.ipynb`),
      announcing.map((code) => code.replace("PID", file)),
    );
    const temporary = mkdtempSync(at("tmp-"));
    const running = skbook(["run", notebook, "-o", at(`${name}.out.ipynb`)], { TMPDIR: temporary });
    return { running, temporary, pid: () => (existsSync(file) ? Number(readJson<number>(file)) : 0) };
  };

  test("Ctrl-C interrupts the cell and writes the notebook", async () => {
    const { running, pid } = start("sigint");
    await until(() => pid() > 0);
    running.child.kill("SIGINT");
    const { code, stderr } = await running.done;
    expect(code).toBe(1);
    expect(stderr).toContain("Interrupted");
    expect(readJson<WrittenNotebook>(at("sigint.out.ipynb")).cells[0]?.outputs.at(-1)).toMatchObject({
      ename: "Interrupted",
    });
    expect(alive(pid())).toBe(false);
  });

  test("Ctrl-C while the kernel starts leaves nothing: no kernel, no connection file, no output", async () => {
    const folder = mkdtempSync(join(at("."), "tmp-"));
    const notebook = writeNotebook(at("early.ipynb"), ["1"]);
    const run = skbook(["run", notebook, "-o", at("early.out.ipynb")], { TMPDIR: folder });
    await until(() => readdirSync(folder).some((name) => existsSync(join(folder, name, "connection.json"))));
    run.child.kill("SIGINT");
    const { code, stderr } = await run.done;
    expect(code).toBe(1);
    expect(stderr).toContain("[INTERRUPTED]");
    expect(readdirSync(folder)).toEqual([]);
    expect(existsSync(at("early.out.ipynb"))).toBe(false);
  });

  test("a kernel that dies while it starts is an error, and ends the run", async () => {
    const preload = at("dies.cjs");
    writeFileSync(preload, "if (process.argv.includes('kernel')) process.exit(7);");
    const notebook = writeNotebook(at("dies.ipynb"), ["1"]);
    const { code, stderr } = await skbook(["run", notebook], { NODE_OPTIONS: `--require ${preload}` }).done;
    expect(code).toBe(1);
    expect(stderr).toContain("the kernel has ended (exit code 7)");
  });

  test("SIGKILL leaves no kernel behind, not even one in a loop, and no file", async () => {
    const { running, temporary, pid } = start("sigkill");
    await until(() => pid() > 0);
    running.child.kill("SIGKILL");
    await running.done;
    await until(() => !alive(pid()));
    expect(readdirSync(temporary)).toEqual([]);
  });
});

test("a case that skbook brings along answers by its name", async () => {
  const notebook = writeNotebook(at("named.ipynb"), [
    'import { connect, dropSummary } from "skbook";',
    'await dropSummary(await connect("root@203.0.113.202"), { seconds: 10, src: "203.0.113.0/25" })',
  ]);
  expect(await skbook(["run", notebook, "--replay", "first-look"]).done).toMatchObject({ code: 0 });
  const { code, stderr } = await skbook(["run", notebook, "--replay", "last-look"]).done;
  expect(code).toBe(1);
  expect(stderr).toMatch(/\[NOT_A_CASE\] there is no case\.json in .*, nor in \S+\/datasets\/last-look\n/);
});

describe("bad usage is exit code 2 with a sentence about it", () => {
  const notebook = () => writeNotebook(at("usage.ipynb"), [parameters, "1"]);
  test.each([
    ["no notebook", () => ["run"], "name one notebook"],
    ["a missing file", () => ["run", at("none.ipynb")], "/none.ipynb\n"],
    [
      "an unknown option",
      () => ["run", notebook(), "--fast"],
      "skbook: unknown option '--fast'; see skbook run --help\n",
    ],
    [
      "an option without its value",
      () => ["run", notebook(), "--html"],
      "option '--html <value>' argument missing; see skbook run --help\n",
    ],
    ["a word too many", () => ["install", "here"], "unexpected argument 'here'; see skbook install --help\n"],
    [
      "JupyterLab for a missing notebook",
      () => ["jupyterlab", at("none.ipynb")],
      "/none.ipynb; skbook new writes a notebook",
    ],
    ["an unknown command", () => ["dance"], "no command 'dance'"],
    [
      "an unknown parameter",
      () => ["run", notebook(), "-p", "speed=1"],
      "its parameters are: seconds, device, ports, note",
    ],
    [
      "a parameter of the wrong type",
      () => ["run", notebook(), "-p", "seconds=fast"],
      "'seconds' is a number",
    ],
    ["a parameter without a value", () => ["run", notebook(), "-p", "seconds"], "NAME=VALUE"],
    [
      "recording and replaying",
      () => ["run", notebook(), "--record", "a", "--replay", "b"],
      "either records or replays",
    ],
    ["a notebook that is called a page", () => ["run", notebook(), "-o", at("page.html")], "--html"],
    [
      "a case that is not there",
      () => ["run", notebook(), "--replay", at("no-case")],
      "/no-case: there is no such folder: /",
    ],
    ["an output that can't be written", () => ["run", notebook(), "-o", at("no/out.ipynb")], "cannot write"],
    ["a timeout that is none", () => ["run", notebook(), "--timeout", "soon"], "give seconds"],
  ])("%s", async (_, args, sentence) => {
    const { code, stderr } = await skbook(args()).done;
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
  });

  test.each([
    ["text", "not json"],
    ["an old format", JSON.stringify({ nbformat: 3, nbformat_minor: 0, metadata: {}, cells: [] })],
    ["no cells", JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {} })],
  ])("a file that is no notebook: %s", async (_, content) => {
    writeFileSync(at("bad.ipynb"), content);
    const { code, stderr } = await skbook(["run", at("bad.ipynb")]).done;
    expect(code).toBe(2);
    expect(stderr).toContain("is not a notebook");
  });
});
