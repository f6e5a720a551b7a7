import { join, resolve } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { useJupyter } from "../fixtures/jupyter.js";
import { describeLive } from "../fixtures/needs.js";
import { readJson, useFolder, type WrittenNotebook, writeNotebook } from "./fixtures.js";

type Outputs = WrittenNotebook["cells"][number]["outputs"];

/** How each program runs a notebook into another file. */
const runners: Record<string, (notebook: string, out: string) => string[]> = {
  nbclient: (notebook, out) => ["-m", "jupyter", "execute", notebook, `--output=${out}`],
  nbconvert: (notebook, out) => [
    "-m",
    "nbconvert",
    "--execute",
    "--to=notebook",
    `--output=${out}`,
    notebook,
  ],
  papermill: (notebook, out) => ["-m", "papermill", notebook, out],
};

describeLive("notebooks under programs of Jupyter", ["python"], () => {
  const jupyter = useJupyter();
  const folder = useFolder();
  const at = (name: string) => join(folder.path, name);

  /** Runs in a folder that has nothing to do with the notebook. */
  async function run(args: string[], environment: NodeJS.ProcessEnv = {}) {
    const { exitCode, stdout, stderr } = await execa(jupyter.python, args, {
      cwd: folder.path,
      env: { ...jupyter.environment, ...environment },
      reject: false,
    });
    return { exitCode, said: `${stdout}\n${stderr}` };
  }

  const outputsOf = (path: string): Outputs[] =>
    readJson<WrittenNotebook>(path)
      .cells.filter(({ cell_type }) => cell_type === "code")
      .map(({ outputs }) => outputs);

  describe.each(Object.entries(runners))("%s", (name, command) => {
    test("runs the first notebook from another folder", async () => {
      const out = at(`${name}-first-look.ipynb`);
      const { exitCode, said } = await run(command(resolve("notebooks/first-look.ipynb"), out), {
        SKBOOK_REPLAY: resolve("datasets/first-look"),
      });
      expect(exitCode, said).toBe(0);
      const outputs = outputsOf(out).flat();
      expect(outputs.filter(({ output_type }) => output_type === "error")).toEqual([]);
      const kinds = outputs.flatMap(({ data }) => Object.keys((data as object | undefined) ?? {}));
      expect(kinds.filter((kind) => kind === "application/vnd.plotly.v1+json")).toHaveLength(3);
      expect(JSON.stringify(outputs)).toContain("QDISC_DROP");
    });

    test("shows a failing cell's name, message and traceback, and runs no cell behind it", async () => {
      const notebook = writeNotebook(at("fails.ipynb"), [
        "function send(): never {\n  throw new RangeError('too far');\n}",
        "send();",
        "console.log('never ' + 'run')",
      ]);
      const { exitCode, said } = await run(command(notebook, at(`${name}-fails.ipynb`)));
      expect(exitCode).not.toBe(0);
      expect(said).toContain("RangeError: too far");
      expect(said).toMatch(/at .*send \(cell/);
      expect(said).not.toContain("never run");
    });

    test("saves what is left after a cell has cleared its output", async () => {
      const notebook = writeNotebook(at("clears.ipynb"), [
        "import { clearOutput } from 'skbook';\nconsole.log('gone'); clearOutput(); console.log('stays');",
        "console.log('old'); clearOutput({ wait: true }); console.log('new');",
        "console.log('kept'); clearOutput({ wait: true });",
      ]);
      const out = at(`${name}-clears.ipynb`);
      const { exitCode, said } = await run(command(notebook, out));
      expect(exitCode, said).toBe(0);
      expect(outputsOf(out).map((outputs) => outputs.map(({ text }) => [text].flat().join("")))).toEqual([
        ["stays\n"],
        ["new\n"],
        ["kept\n"],
      ]);
    });

    test("a cell that asks is told that nobody can answer", async () => {
      const notebook = writeNotebook(at("asks.ipynb"), [
        "import { ask } from 'skbook'; await ask('device?')",
      ]);
      const { exitCode, said } = await run(command(notebook, at(`${name}-asks.ipynb`)));
      expect(exitCode).not.toBe(0);
      expect(said).toContain("STDIN_NOT_ALLOWED");
    });
  });

  test.each(["nbclient", "nbconvert"])("%s runs the next cell where errors are allowed", async (name) => {
    const notebook = writeNotebook(at("goes-on.ipynb"), ["throw new RangeError('too far')", "6 * 7"]);
    const out = at(`${name}-goes-on.ipynb`);
    const { exitCode, said } = await run([...(runners[name]?.(notebook, out) ?? []), "--allow-errors"]);
    expect(exitCode, said).toBe(0);
    const [failed, next] = outputsOf(out);
    expect(failed).toMatchObject([
      { output_type: "error", ename: "RangeError", evalue: "too far", traceback: expect.any(Array) },
    ]);
    expect(next).toMatchObject([{ output_type: "execute_result", data: { "text/plain": ["42"] } }]);
  });
});
