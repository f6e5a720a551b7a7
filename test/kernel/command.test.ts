import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readJson, skbook, useFolder } from "./fixtures.js";

const folder = useFolder();

test("install writes a kernelspec that names this Node and this command", async () => {
  const { code, stdout } = await skbook(["install", "--prefix", folder.path]).done;
  const path = join(folder.path, "share/jupyter/kernels/skbook/kernel.json");
  expect(code).toBe(0);
  expect(stdout).toContain(path);
  const spec = readJson<{ argv: string[] }>(path);
  expect(spec).toMatchObject({ language: "typescript", interrupt_mode: "message" });
  expect(spec.argv[0]).toBe(process.execPath);
  expect(existsSync(spec.argv[1] ?? "")).toBe(true);
  expect(spec.argv.slice(2)).toEqual(["kernel", "--connection-file", "{connection_file}"]);
});

test("install --user goes where Jupyter looks for a user's kernels; doctor finds it there", async () => {
  const environment = { JUPYTER_DATA_DIR: join(folder.path, "data") };
  expect((await skbook(["doctor"], environment).done).stdout).toMatch(
    /^missing kernelspec .*skbook install/m,
  );
  expect((await skbook(["install", "--user"], environment).done).code).toBe(0);
  const { code, stdout } = await skbook(["doctor"], environment).done;
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ok {6}kernelspec .*data\/kernels\/skbook\/kernel.json$/m);
});

test("doctor says of each missing tool what it is for and what to do", async () => {
  const { code, stdout } = await skbook(["doctor"], {
    PATH: folder.path,
    SSH_AUTH_SOCK: "",
    HOME: folder.path,
  }).done;
  expect(code).toBe(0);
  expect(stdout).toMatch(/^missing tshark .*needed for opening captures; install tshark/m);
  expect(stdout).toMatch(/^missing bpftrace .*needed for probing this machine/m);
  expect(stdout).toMatch(/^missing ssh agent or key .*ssh-keygen/m);
});

test("help and version", async () => {
  expect(await skbook(["--help"]).done).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("skbook run NOTEBOOK"),
  });
  expect(await skbook(["run", "--help"]).done).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("--replay DIR"),
  });
  expect((await skbook(["--version"]).done).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect((await skbook([]).done).code).toBe(2);
});
