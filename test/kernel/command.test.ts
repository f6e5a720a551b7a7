import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { readJson, skbook, useFolder } from "./fixtures.js";

const folder = useFolder();

const spec = (prefix: string) => join(prefix, "share/jupyter/kernels/skbook/kernel.json");
const read = (path: string) => readJson<{ argv: string[] }>(path);

describe("install", () => {
  test("writes a kernelspec that starts this command, and a logo; uninstall removes them", async () => {
    const prefix = join(folder.path, "prefix");
    const { code, stdout } = await skbook(["install", "--prefix", prefix]).done;
    expect(code).toBe(0);
    expect(stdout).toContain(spec(prefix));
    expect(read(spec(prefix))).toMatchObject({ language: "typescript", interrupt_mode: "message" });
    expect(readdirSync(dirname(spec(prefix))).sort()).toEqual(["kernel.json", "logo-svg.svg"]);
    const removed = await skbook(["uninstall", "--prefix", prefix]).done;
    expect(removed.code).toBe(0);
    expect(removed.stdout).toContain(`removed ${spec(prefix)}`);
    expect(existsSync(dirname(spec(prefix)))).toBe(false);
    const again = await skbook(["uninstall", "--prefix", prefix]).done;
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing to remove") });
  });

  test("writes what shows figures and tables in JupyterLab, once; uninstall removes it", async () => {
    const extension = join(folder.path, "drawing/share/jupyter/labextensions/skbook");
    const install = () => skbook(["install", "--prefix", join(folder.path, "drawing")]).done;
    expect((await install()).stdout).toContain(`wrote ${extension}`);
    const { jupyterlab } = readJson<{ jupyterlab: { _build: { load: string } } }>(
      join(extension, "package.json"),
    );
    expect(readdirSync(join(extension, "static")).sort()).toEqual(
      [jupyterlab._build.load.replace("static/", ""), "plotly.min.js"].sort(),
    );
    const { mtimeMs } = statSync(extension);
    await install();
    expect(statSync(extension).mtimeMs).toBe(mtimeMs);
    const { stdout } = await skbook(["uninstall", "--prefix", join(folder.path, "drawing")]).done;
    expect(stdout).toContain(`removed ${extension}`);
    expect(existsSync(extension)).toBe(false);
  });

  test("uninstall leaves what install did not write", async () => {
    const prefix = join(folder.path, "guest");
    await skbook(["install", "--prefix", prefix]).done;
    const guest = join(dirname(spec(prefix)), "kernel.js");
    writeFileSync(guest, "");
    const { stdout } = await skbook(["uninstall", "--prefix", prefix]).done;
    expect(stdout).toContain(`left ${guest}`);
    expect(readdirSync(dirname(guest))).toEqual(["kernel.js"]);
  });

  test("the kernelspec starts when the Node that installed it is gone", async () => {
    const prefix = join(folder.path, "upgraded");
    await skbook(["install", "--prefix", prefix]).done;
    const argv = read(spec(prefix)).argv.map((entry) =>
      entry === process.execPath ? "/no/longer/node" : entry,
    );
    const [shell = "", ...args] = argv.slice(0, argv.indexOf("kernel"));
    const { stdout } = await execa(shell, [...args, "--version"], {
      env: { PATH: `${dirname(process.execPath)}:/bin` },
      extendEnv: false,
    });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test("says what to do where it may not write", async () => {
    const file = join(folder.path, "file");
    writeFileSync(file, "");
    const { code, stderr } = await skbook(["install", "--prefix", file]).done;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^skbook: \[INSTALL_REFUSED\].*to do: choose a place/s);
    expect(stderr).not.toContain("    at ");
  });

  test("two places at once are bad usage", async () => {
    const { code, stderr } = await skbook(["install", "--user", "--sys-prefix"]).done;
    expect(code).toBe(2);
    expect(stderr).toContain("give one of");
  });
});

describe("doctor", () => {
  test("takes nothing, and says so without a look at the machine", async () => {
    expect(await skbook(["doctor", "--help"]).done).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("skbook doctor "),
    });
    const { code, stdout, stderr } = await skbook(["doctor", "now"]).done;
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("skbook doctor takes no arguments");
  });

  test("finds the kernelspec of --user, and sees that what it names is gone", async () => {
    const environment = { JUPYTER_DATA_DIR: join(folder.path, "data"), PATH: "/bin" };
    const line = async () =>
      /^.* kernelspec .*$/m.exec((await skbook(["doctor"], environment).done).stdout)?.[0];
    expect(await line()).toMatch(/^missing .* not installed; needed for .* To do: skbook install$/);
    expect((await skbook(["install", "--user"], environment).done).code).toBe(0);
    expect(await line()).toMatch(/^ok {6}kernelspec .*data\/kernels\/skbook\/kernel.json$/);
    const path = join(environment.JUPYTER_DATA_DIR, "kernels/skbook/kernel.json");
    writeFileSync(path, JSON.stringify({ argv: ["/no/such/node"] }));
    expect(await line()).toMatch(
      /^missing .*names \/no\/such\/node, which is gone; .* To do: skbook install$/,
    );
  });

  test("every line is ok or ends in what to do", async () => {
    const { code, stdout } = await skbook(["doctor"], {
      PATH: folder.path,
      SSH_AUTH_SOCK: "",
      HOME: folder.path,
    }).done;
    expect(code).toBe(0);
    for (const line of stdout.trimEnd().split("\n")) {
      expect(line).toMatch(/^(ok {6}\S.+|missing .+; needed for .+\. To do: .+)$/);
    }
    expect(stdout).toMatch(/^missing tshark .*needed for opening captures\. To do: install tshark/m);
    expect(stdout).toMatch(/^missing bpftrace .*needed for probing this machine/m);
    expect(stdout).toMatch(/^missing ssh agent or key .*ssh-keygen/m);
  });

  test("a tshark that is too old is missing", async () => {
    const bin = join(folder.path, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "tshark"), "#!/bin/sh\necho 'TShark (Wireshark) 3.6.2'\n", { mode: 0o755 });
    const { stdout } = await skbook(["doctor"], { PATH: `${bin}:/bin` }).done;
    expect(stdout).toMatch(/^missing tshark .*3\.6\.2; .*tshark 4\.0 or newer/m);
  });
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
