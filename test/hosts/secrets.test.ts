import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format, inspect } from "node:util";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { hostsOnly, pathsOnly } from "../../lib/analyses/applications/http/withheld.js";
import { jupyterDisplay } from "../../lib/cell/index.js";
import { connect, display, hostFacts, live, localhost, record } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";

/** Of this process alone, so that it can be looked for in all of them. */
const planted = `hunter2planted${process.pid}`;

describe("of HTTP's first lines nothing is kept that may be a secret", () => {
  test.each([
    ["/a?token=x", "/a"],
    [`/a%3Ftoken=${planted}`, "/a"],
    [`/a%253ftoken=${planted}`, "/a"],
    [`/a%3btoken=${planted}`, "/a"],
    [`/a&token=${planted}`, "/a"],
    [`http://ann:${planted}@b.example/p`, "/p"],
    [`http://ann:x,${planted}@b.example/p`, ",b.example/p"],
    [`//ann:${planted}@b.example/p`, "//b.example/p"],
    [`//${planted}@b.example/p`, "//b.example/p"],
    [`ann:${planted}@b.example:443`, "b.example:443"],
    [`${planted}@b.example:443`, "b.example:443"],
    [`/get/https://ann:${planted}@b.example/p`, "/get/https://b.example/p"],
    [`/get/https%3A%2F%2Fann%3A${planted}%40b.example`, "/get/https"],
    [`/get/ann%3A${planted}%40b.example`, "/get/b.example"],
    ["/@scope/package", "/@scope/package"],
    ["/users/ann@example.com", "/users/ann@example.com"],
    ["/one,/two", "/one,/two"],
  ])("target %s", (target, kept) => {
    expect(pathsOnly(target)).toBe(kept);
    expect(pathsOnly(target)).not.toContain(planted);
  });

  test.each([
    ["b.example", "b.example"],
    ["b.example:8080,[2001:db8::1]:80", "b.example:8080,[2001:db8::1]:80"],
    [`ann:${planted}@b.example`, "b.example"],
    [`a.example,ann:12,${planted}@b.example,c.example`, ",,b.example,c.example"],
    [`b.example?token=${planted}`, ""],
    [`b.example/${planted}`, ""],
  ])("host %s", (host, kept) => {
    expect(hostsOnly(host)).toBe(kept);
    expect(hostsOnly(host)).not.toContain(planted);
  });
});

describeLive("a planted secret", ["sshd"], () => {
  let sshd: Sshd;
  let folder: string;
  beforeAll(async () => {
    sshd = await startSshd();
    folder = mkdtempSync(join(tmpdir(), "skbook-secrets-"));
  });
  afterAll(() => {
    live();
    sshd?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("is in nothing that is written or printed", async () => {
    const key = join(folder, "locked");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", planted, "-C", "", "-f", key]);
    const allowed = join(sshd.folder, "authorized_keys");
    writeFileSync(allowed, readFileSync(allowed, "utf8") + readFileSync(`${key}.pub`, "utf8"));
    process.env.SKBOOK_SUDO_PASSWORD = planted;
    const kept = join(folder, "case");
    await record(kept);
    const options = {
      ...sshd.options,
      identityFiles: [key],
      passphrase: () => planted,
      sudoPassword: () => planted,
    };
    const host = await connect(sshd.destination, options);
    const said: unknown[] = [];
    const execution = host.start(["true"], { root: true });
    for (const value of [host, localhost(), execution, { host }])
      said.push(
        inspect(value, { depth: 20, customInspect: false }),
        inspect(value, { depth: 20 }),
        JSON.stringify(value),
      );
    for await (const _ of execution);
    // What runs here and there: command lines and environments of all processes.
    const running = host.start(["sh", "-c", "echo; sleep 60"], { root: true });
    const local = localhost().start(["sh", "-c", "echo; sleep 60"], { root: true });
    for (const one of [running, local])
      for await (const _ of one) {
        const seen = processes();
        expect(seen.some((text) => text.includes("sleep 60"))).toBe(true);
        for (const text of seen) expect(text).not.toContain(planted);
        break;
      }
    said.push(inspect(await execution.ended), inspect(host, { depth: 20, customInspect: false }));
    for (const at of [host, localhost()]) {
      const environment = await at.exec(["env"]);
      expect(environment.stdout).toContain("PATH=");
      said.push(environment, await hostFacts(at));
    }
    expect(execFileSync("env", { encoding: "utf8" })).not.toContain(planted);
    const wrong = { ...options, passphrase: () => `${planted}-wrong` };
    said.push(await connect(sshd.destination, wrong).catch((error) => inspect(error, { depth: 20 })));
    said.push(
      await connect(sshd.destination, { ...wrong, timeoutSeconds: 5 }).catch((error) => error.message),
    );
    const written: string[] = [];
    const log = vi.spyOn(console, "log").mockImplementation((...values) => {
      written.push(format(...values));
    });
    const dir = vi.spyOn(console, "dir").mockImplementation((value, options) => {
      written.push(inspect(value, options));
    });
    console.log(host, { host, execution }, wrong);
    console.dir(host, { depth: 20, showHidden: false });
    await display(host);
    const facts = await hostFacts(host);
    await display(facts);
    for (const spy of [log, dir]) spy.mockRestore();
    expect(written.length).toBeGreaterThanOrEqual(4);
    said.push(...written, facts.provenance, await facts[jupyterDisplay]());
    await facts.toCsv(join(folder, "facts.csv"));
    await facts.toParquet(join(folder, "facts.parquet"));
    for (const name of ["facts.csv", "facts.parquet"]) said.push(readFileSync(join(folder, name), "latin1"));
    await host.close();
    for (const value of said)
      expect(inspect(value, { depth: 20, maxStringLength: null })).not.toContain(planted);
    const files = readdirSync(kept, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(files.length).toBeGreaterThan(3);
    for (const { parentPath, name } of files) {
      const bytes = readFileSync(join(parentPath, name));
      const text = String(name.endsWith(".gz") ? gunzipSync(bytes) : bytes);
      expect(text, name).not.toContain(planted);
    }
  });
});

/** Command lines and environments of all processes, where they may be read. */
function processes(): string[] {
  const read = (path: string) => {
    try {
      return readFileSync(path, "latin1").replaceAll("\0", " ");
    } catch {
      return "";
    }
  };
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => [read(`/proc/${pid}/cmdline`), read(`/proc/${pid}/environ`)]);
}
