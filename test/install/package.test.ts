import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { useJupyter } from "../fixtures/jupyter.js";
import { startJupyterLab } from "../fixtures/jupyterlab.js";
import { describeLive } from "../fixtures/needs.js";
import { processesWith } from "../fixtures/processes.js";
import { readJson, writeNotebook } from "../kernel/fixtures.js";
import { megabytes, npmInstall, useInstallation } from "./installation.js";

const installation = useInstallation();
const installed = (path: string) => join(installation.folder, "node_modules", path);
const npx = (args: string[], cwd?: string) =>
  installation.run("npx", ["--no-install", "skbook", ...args], cwd);

describe("the package", () => {
  test("is 10 MB at most, and 250 MB with what it brings", async () => {
    expect(await megabytes(installation.tarball)).toBeLessThan(10);
    expect(await megabytes(installation.folder)).toBeLessThanOrEqual(250);
  });

  test("has nothing of what it bundles a part of, and its licences", () => {
    for (const name of ["danfojs-node", "tslab", "@tensorflow", "mathjs", "xlsx"]) {
      expect(existsSync(installed(name)), name).toBe(false);
    }
    const licences = readFileSync(installed("skbook/dist/LICENSES.txt"), "utf8");
    for (const name of [
      "danfojs-node 1.2.0 (MIT)",
      "tslab",
      "typescript",
      "zod",
      "execa",
      "@tanstack/table-core",
    ]) {
      expect(`\n${licences}`).toContain(`\n${name}`);
    }
    expect(licences).not.toContain("undefined");
  });

  test("has the documentation that its README leads to", () => {
    const readme = readFileSync(installed("skbook/README.md"), "utf8");
    const files = [...readme.matchAll(/\]\(([^)#:]+)/g)].map(([, path = ""]) => path);
    expect(files).toContain("docs/install.md");
    expect(files.filter((path) => !existsSync(installed(`skbook/${path}`)))).toEqual([]);
    expect(existsSync(installed("skbook/docs/generator"))).toBe(false);
  });

  test("asks for packages of the registry only", () => {
    const { dependencies } = readJson<{ dependencies: Record<string, string> }>(
      installed("skbook/package.json"),
    );
    expect(
      Object.values(dependencies).filter((range) => !/^[~^]?\d+(\.\d+)*(-[\w.]+)?$/.test(range)),
    ).toEqual([]);
  });
});

describe("its command", () => {
  test("runs a notebook that lies elsewhere, with types, with files beside it", async () => {
    const folder = join(installation.base, "elsewhere/of mine");
    mkdirSync(folder, { recursive: true });
    copyFileSync(new URL("own-file.ts", import.meta.url), join(folder, "own-file.ts"));
    const path = join(folder, "notebook.ipynb");
    writeNotebook(path, [
      'import { columns, mean } from "./own-file";\nimport { SkbookError } from "skbook";\nimport { z } from "zod";',
      "[mean, columns, SkbookError.name, z.string().parse('parsed')]",
    ]);
    const ran = await npx(["run", path, "-o", join(folder, "out.ipynb"), "--html", join(folder, "out.html")]);
    expect(ran.code, ran.output).toBe(0);
    expect(readFileSync(join(folder, "out.ipynb"), "utf8")).toContain("'SkbookError', 'parsed'");
    expect(existsSync(join(folder, "out.html"))).toBe(true);
  });

  test("checks the types of a cell against the package's own", async () => {
    const path = join(installation.folder, "wrong.ipynb");
    writeNotebook(path, [
      'import { createFrame } from "skbook";\nconst wrong: number = createFrame([], [], null!).columns;',
    ]);
    const { code, output } = await npx(["run", path, "-o", "wrong-out.ipynb"]);
    expect(code).toBe(1);
    expect(output).toContain("Type 'string[]' is not assignable to type 'number'");
  });

  test("replays a sample that comes with it", async () => {
    const sample = installed("skbook/notebooks/first-look.ipynb");
    const ran = await npx([
      "run",
      sample,
      "--replay",
      installed("skbook/datasets/first-look"),
      "-o",
      "first.ipynb",
    ]);
    expect(ran.code, ran.output).toBe(0);
  });

  test("says what the machine can do, and lets Jupyter find the kernel", async () => {
    const { code, output } = await npx(["doctor"]);
    expect(code).toBe(0);
    expect(output).toMatch(/^ok +node /m);
    expect((await npx(["install", "--prefix", installation.base])).code).toBe(0);
    const { argv } = readJson<{ argv: string[] }>(
      join(installation.base, "share/jupyter/kernels/skbook/kernel.json"),
    );
    expect(argv).toContain(installed("skbook/dist/kernel/main.js"));
  });

  test("works when it is installed with -g", async () => {
    const prefix = join(installation.base, "global");
    await npmInstall(installation.run, ["-g", "--prefix", prefix, installation.tarball]);
    const path = join(installation.base, "lonely.ipynb");
    writeNotebook(path, ['import { createFrame } from "skbook";\ntypeof createFrame']);
    const command = join(prefix, "bin/skbook");
    const ran = await installation.run(command, ["run", path, "-o", "lonely-out.ipynb"], installation.base);
    expect(ran.code, ran.output).toBe(0);
    expect(readFileSync(join(installation.base, "lonely-out.ipynb"), "utf8")).toContain("'function'");
  }, 600_000);
});

describe("its types", () => {
  test.each(["NodeNext", "Bundler"])(
    "compile in a user's own file with moduleResolution %s",
    async (resolution) => {
      const folder = join(installation.folder, resolution);
      mkdirSync(folder);
      copyFileSync(new URL("own-file.ts", import.meta.url), join(folder, "own-file.ts"));
      writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
      const compilerOptions = {
        module: resolution === "NodeNext" ? resolution : "ESNext",
        moduleResolution: resolution,
        target: "ES2022",
        types: ["node"],
        strict: true,
        noEmit: true,
        // Its declarations name nothing that it does not bring.
        skipLibCheck: false,
      };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
      const compiler = installed("typescript/bin/tsc");
      expect(await installation.run(process.execPath, [compiler, "-p", folder])).toEqual({
        code: 0,
        output: "",
      });
    },
  );

  test("resolve in plain Node too", async () => {
    const script =
      'import * as all from "skbook"; import * as own from "skbook/probe"; console.log(typeof all.connect, typeof own.defineCounts)';
    const ran = await installation.run(process.execPath, ["--input-type=module", "-e", script]);
    expect(ran).toEqual({ code: 0, output: "function function" });
  });
});

describeLive("its JupyterLab", ["python"], () => {
  const jupyter = useJupyter();

  test("starts with the package's kernel in the list; SIGTERM ends it", async () => {
    const main = installed("skbook/dist/kernel/main.js");
    const jupyterLab = await startJupyterLab(jupyter, installation.base, {}, [process.execPath, main]);
    try {
      const headers = { authorization: `token ${jupyterLab.token}` };
      const answer = await fetch(new URL("api/kernelspecs", jupyterLab.url), { headers });
      const { kernelspecs } = (await answer.json()) as {
        kernelspecs: { skbook: { spec: { argv: string[] } } };
      };
      expect(kernelspecs.skbook.spec.argv).toContain(main);
      expect(await jupyterLab.stop("SIGTERM")).toBe(143);
      expect(processesWith(installation.base)).toEqual([]);
    } finally {
      await jupyterLab.stop();
    }
  });
});
