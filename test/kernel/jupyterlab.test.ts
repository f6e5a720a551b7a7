import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { useJupyter } from "../fixtures/jupyter.js";
import { startJupyterLab } from "../fixtures/jupyterlab.js";
import { describeLive } from "../fixtures/needs.js";
import { eventually, processesWith } from "../fixtures/processes.js";
import { skbook, useFolder } from "./fixtures.js";

describeLive("skbook jupyterlab", ["python"], () => {
  const jupyter = useJupyter();
  const folder = useFolder();

  test.each(["SIGINT", "SIGHUP"] as const)(
    "starts the JupyterLab of the PATH with its kernel; %s ends both",
    async (signal) => {
      const jupyterLab = await startJupyterLab(jupyter, folder.path);
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
        expect(await jupyterLab.stop(signal)).toBe(0);
        expect(kernels()).toEqual([]);
      } finally {
        await jupyterLab.stop("SIGTERM");
      }
    },
  );

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
