import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeLive } from "../fixtures/needs.js";

const password = "correct-horse-battery";

/**
 * Runs a program as a user of its own, in a mount namespace where /etc is a copy: the machine's users and sudoers stay as they are.
 */
describeLive("becoming root", ["root", "sudo"], () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "skbook-sudo-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function asUser(sudoers: string, environment: Record<string, string> = {}): Promise<string> {
    const program = `
      import { dropSummary, localhost } from "skbook";
      const said = (promise) => promise.then((value) => value.stdout.trim(), (error) => error.code + " " + error.message);
      console.log(await said(localhost().exec(["id", "-u"])));
      console.log(await said(localhost().exec(["id", "-u"], { root: true })));
      const probe = await dropSummary(localhost(), { seconds: 1 }).then(() => "ran", (error) => error.code);
      console.log(probe);`;
    writeFileSync(join(folder, "program.mjs"), program);
    const script = `
      set -e
      mkdir -p "$1/etc" && cp -a /etc/. "$1/etc/" && mount --bind "$1/etc" /etc
      useradd --no-create-home --shell /bin/sh --uid 54321 skbooktest
      echo "skbooktest:${password}" | chpasswd
      echo "Defaults !lecture" > /etc/sudoers
      echo "$2" >> /etc/sudoers
      chmod 440 /etc/sudoers
      cd "$4"
      exec setpriv --reuid 54321 --regid 54321 --clear-groups env HOME=/tmp "$3" --input-type=module -e "$(cat "$1/program.mjs")"`;
    const { stdout } = await execa(
      "unshare",
      ["--mount", "sh", "-c", script, "sh", folder, sudoers, process.execPath, process.cwd()],
      { env: environment, all: true },
    );
    rmSync(join(folder, "etc"), { recursive: true, force: true });
    return stdout;
  }

  test("works with sudo that asks nothing", async () => {
    expect(await asUser("skbooktest ALL=(ALL) NOPASSWD: ALL")).toBe("54321\n0\nran");
  });

  test("works with the password from the environment", async () => {
    const said = await asUser("skbooktest ALL=(ALL) ALL", { SKBOOK_SUDO_PASSWORD: password });
    expect(said).toBe("54321\n0\nran");
  });

  test("without a password it is refused, and nothing is attached", async () => {
    expect(await asUser("skbooktest ALL=(ALL) ALL")).toMatch(
      /^54321\nROOT_NEEDED .*password.*\nROOT_NEEDED$/s,
    );
  });

  test("a wrong password is refused, and shown nowhere", async () => {
    const said = await asUser("skbooktest ALL=(ALL) ALL", { SKBOOK_SUDO_PASSWORD: "hunter2-wrong" });
    expect(said).toMatch(/^54321\nROOT_NEEDED .*refused.*\nROOT_NEEDED$/s);
    expect(said).not.toContain("hunter2");
  });
});
