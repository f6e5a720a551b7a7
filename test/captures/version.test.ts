import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { describeLive } from "../fixtures/needs.js";
import { ownFolder } from "../fixtures/own-folder.js";

const folder = ownFolder();
const { PATH, XDG_CACHE_HOME } = process.env;
const executable = join(folder, "tshark");
const cache = join(folder, "skbook", "version");
const kept = () => (existsSync(cache) ? readdirSync(cache).map((name) => join(cache, name)) : []);

/** What a session of its own takes for the version. */
async function version(): Promise<string> {
  vi.resetModules();
  const { tsharkVersion } = await import("../../lib/captures/version.js");
  const { localhost } = await import("../../lib/hosts/index.js");
  return tsharkVersion(localhost());
}

describeLive("the version of this machine's tshark", ["tshark"], () => {
  beforeAll(() => {
    process.env.PATH = `${folder}${delimiter}${PATH}`;
    process.env.XDG_CACHE_HOME = folder;
  });
  beforeEach(() => {
    rmSync(cache, { recursive: true, force: true });
    rmSync(executable, { force: true });
  });
  afterAll(() => {
    process.env.PATH = PATH;
    if (XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
  });
  const real = () =>
    execFileSync("which", ["tshark"], { env: { ...process.env, PATH } })
      .toString()
      .trim();

  test("is asked once, as long as its executable stays as it is", async () => {
    copyFileSync(real(), executable);
    const said = await version();
    expect(said).toMatch(/^TShark \(Wireshark\) \d+\.\d+/);
    expect(kept()).toHaveLength(1);
    writeFileSync(kept()[0] as string, '"TShark (Wireshark) 0.0"');
    expect(await version()).toBe("TShark (Wireshark) 0.0");
    copyFileSync(real(), executable);
    expect(await version()).toBe(said);
  });

  test("isn't that of a file that nobody may run", async () => {
    copyFileSync(real(), executable);
    chmodSync(executable, 0o644);
    const said = await version();
    expect(kept()).toHaveLength(1);
    rmSync(executable);
    writeFileSync(kept()[0] as string, '"TShark (Wireshark) 0.0"');
    // The same one was meant before.
    expect(await version()).toBe("TShark (Wireshark) 0.0");
    expect(said).toMatch(/^TShark/);
  });

  test("is asked each time of a script, which may start another one tomorrow", async () => {
    const answer = (text: string) => {
      writeFileSync(executable, `#!/bin/sh\necho '${text}'\n`);
      chmodSync(executable, 0o755);
    };
    answer("TShark (Wireshark) 1.0");
    expect(await version()).toBe("TShark (Wireshark) 1.0");
    expect(kept()).toEqual([]);
  });

  test.each(["{", "7", '""'])("is asked again where what was kept is %s", async (broken) => {
    copyFileSync(real(), executable);
    const said = await version();
    writeFileSync(kept()[0] as string, broken);
    expect(await version()).toBe(said);
  });
});
