import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { program } from "../../kernel/package.js";
import { useJupyter } from "../fixtures/jupyter.js";
import { answers, type JupyterLab, startJupyterLab } from "../fixtures/jupyterlab.js";
import { describeLive } from "../fixtures/needs.js";
import { eventually, processesWith } from "../fixtures/processes.js";
import { skbook, useFolder } from "./fixtures.js";

describeLive("skbook jupyterlab", ["python"], () => {
  const jupyter = useJupyter();
  const folder = useFolder();

  const npx = ["npx", "skbook"] as const;
  const ways = [
    { way: "SIGTERM to skbook", code: 143, end: (lab: JupyterLab) => lab.stop("SIGTERM") },
    { way: "SIGINT to skbook", code: 130, end: (lab: JupyterLab) => lab.stop("SIGINT") },
    { way: "SIGHUP to skbook", code: 129, end: (lab: JupyterLab) => lab.stop("SIGHUP") },
    { way: "SIGTERM to npx", code: "SIGTERM", end: (lab: JupyterLab) => lab.stop("SIGTERM"), command: npx },
    { way: "SIGHUP to npx", code: "SIGHUP", end: (lab: JupyterLab) => lab.stop("SIGHUP"), command: npx },
    // npx does not pass on a SIGINT that it gets alone.
    { way: "Ctrl-C to npx", code: "SIGINT", end: (lab: JupyterLab) => lab.interrupt(), command: npx },
  ];

  test.each(ways)("$way ends JupyterLab and its kernels", async ({ end, code, command }) => {
    const own = useLocalCommand(folder.path);
    const jupyterLab = await startJupyterLab(jupyter, folder.path, own, command);
    try {
      expect(jupyterLab.text()).toMatch(/using JupyterLab 4\.\d+\.\d+ of the PATH/);
      const ask = async (path: string, init: RequestInit = {}) => {
        const headers = { authorization: `token ${jupyterLab.token}` };
        return (await fetch(new URL(path, jupyterLab.url), { ...init, headers })).json();
      };
      const { kernelspecs } = await ask("api/kernelspecs");
      expect(kernelspecs.skbook.resources["logo-svg"]).toBeDefined();
      await ask("api/kernels", { method: "POST", body: JSON.stringify({ name: "skbook" }) });
      const kernels = () => processesWith(join(folder.path, ".runtime-"));
      expect(await eventually(10, () => kernels().length === 1)).toBe(true);
      expect(await end(jupyterLab)).toBe(code);
      expect(kernels()).toEqual([]);
      expect(await answers(jupyterLab.url)).toBe(false);
    } finally {
      await jupyterLab.stop("SIGTERM");
    }
  });

  test("a signal while it sets up a JupyterLab ends that, and nothing is left", async () => {
    const data = join(folder.path, "interrupted");
    const { child, done, text } = skbook(["jupyterlab"], { PATH: "/usr/bin:/bin", XDG_DATA_HOME: data });
    expect(await eventually(60, () => text.stderr.includes("making a virtual environment"))).toBe(true);
    child.kill("SIGTERM");
    expect((await done).code).toBe(143);
    expect(processesWith(data)).toEqual([]);
    expect(readdirSync(join(data, "skbook/jupyterlab"))).toEqual([]);
  });

  test("passes arguments and the exit code on", async () => {
    const path = { PATH: `${dirname(jupyter.python)}:${process.env.PATH}`, XDG_DATA_HOME: folder.path };
    expect(await skbook(["jupyterlab", "--version"], path).done).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^4\.\d+/),
    });
    expect((await skbook(["jupyterlab", "--LabApp.no_such_thing"], path).done).code).not.toBe(0);
  });

  test("where the PATH has none, sets one up in the user's data folder, once", async () => {
    const variables = { PATH: "/usr/bin:/bin", XDG_DATA_HOME: join(folder.path, "own") };
    const first = await skbook(["jupyterlab", "--version"], variables).done;
    expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^4\.\d+/) });
    expect(first.stderr).toMatch(/no JupyterLab on the PATH.*making a virtual environment in .*own\/skbook/s);
    const second = await skbook(["jupyterlab", "--version"], variables).done;
    expect(second).toMatchObject({ code: 0, stdout: first.stdout });
    expect(second.stderr).not.toContain("making");
  }, 600_000);
});

/** Puts the command where npx looks for it first; gives the variables that keep npx to itself. */
function useLocalCommand(folder: string): Record<string, string> {
  const bin = join(folder, "node_modules/.bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "skbook"), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`);
  chmodSync(join(bin, "skbook"), 0o755);
  return { npm_config_update_notifier: "false", npm_config_cache: join(folder, ".npm") };
}
