import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { environmentWith } from "../../kernel/jupyterlab/index.js";
import { useJupyter } from "../fixtures/jupyter.js";
import { describeLive } from "../fixtures/needs.js";
import { skbook, useFolder } from "./fixtures.js";

describeLive("a private environment", ["python"], () => {
  const folder = useFolder();
  const quiet = () => {};

  test("is made once, of those that try at the same time one stays", async () => {
    const base = join(folder.path, "once");
    const both = await Promise.all([
      environmentWith(base, ["pip"], quiet),
      environmentWith(base, ["pip"], quiet),
    ]);
    expect(both[0]).toEqual(both[1]);
    expect(existsSync(both[0].python)).toBe(true);
    const made = readdirSync(base);
    const said: string[] = [];
    expect(await environmentWith(base, ["pip"], (line) => said.push(line))).toEqual(both[0]);
    expect(said).toEqual([]);
    expect(readdirSync(base)).toEqual(made);
  });

  test("half of one is not taken for it, and goes when its maker is gone", async () => {
    const base = join(folder.path, "half");
    const { folder: whole } = await environmentWith(base, ["pip"], quiet);
    const half = `${whole}.${spawnSync("true").pid}.left`;
    renameSync(realpathSync(whole), half);
    const inTheMaking = `${whole}.${process.pid}.other`;
    mkdirSync(inTheMaking);
    expect((await environmentWith(base, ["pip"], quiet)).folder).toBe(whole);
    expect(existsSync(join(whole, "bin/python"))).toBe(true);
    expect(existsSync(half)).toBe(false);
    expect(existsSync(inTheMaking)).toBe(true);
  });

  test("that can't be made is an error that leaves nothing", async () => {
    const base = join(folder.path, "failed");
    await expect(environmentWith(base, ["./no-such-package.whl"], quiet)).rejects.toMatchObject({
      code: "ENVIRONMENT_FAILED",
    });
    expect(readdirSync(base)).toEqual([]);
  });
});

describeLive("jupyter kernelspec list", ["python"], () => {
  const jupyter = useJupyter();
  const listed = async () => {
    const { stdout } = await jupyter.run("jupyter_client.kernelspecapp", ["list", "--json"]);
    return JSON.parse(stdout).kernelspecs.skbook?.resource_dir as string | undefined;
  };
  const variables = () => ({
    ...jupyter.environment,
    PATH: `${dirname(jupyter.python)}:${process.env.PATH}`,
  });

  test("shows the kernel in each place that install knows, and no more after uninstall", async () => {
    const { JUPYTER_PATH, JUPYTER_DATA_DIR } = jupyter.environment;
    const prefix = dirname(dirname(JUPYTER_PATH));
    const python = dirname(dirname(jupyter.python));
    // A place that comes first hides the others, so they go one by one. In a virtual environment its own is before the user's.
    const places = [
      { args: ["--prefix", prefix], folder: join(JUPYTER_PATH, "kernels/skbook") },
      { args: ["--sys-prefix"], folder: join(python, "share/jupyter/kernels/skbook") },
      { args: ["--user"], folder: join(JUPYTER_DATA_DIR, "kernels/skbook") },
    ];
    try {
      for (const { args } of places) {
        expect(await skbook(["install", ...args], variables()).done).toMatchObject({ code: 0 });
      }
      for (const { args, folder } of places) {
        expect(await listed()).toBe(folder);
        expect(await skbook(["uninstall", ...args], variables()).done).toMatchObject({ code: 0 });
      }
      expect(await listed()).toBeUndefined();
    } finally {
      for (const { args } of places) await skbook(["uninstall", ...args], variables()).done;
    }
  });
});
