import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SkbookError } from "../../lib/errors/index.js";
import { readConfig } from "../../lib/hosts/ssh/config/index.js";
import { resolveEndpoint } from "../../lib/hosts/ssh/endpoint.js";
import { HostKeyCheck } from "../../lib/hosts/ssh/host-key.js";
import { describeLive } from "../fixtures/needs.js";
import { type Random, randomNumbers } from "../fixtures/random.js";
import { sweep } from "../fixtures/sweep.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "skbook-ssh-config-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, lines: readonly string[]): string => {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join("\n")}\n`, { mode: 0o600 });
  return path;
};
const endpoint = (lines: readonly string[], name = "web1") =>
  resolveEndpoint(name, { config: write("config", lines), agent: false });

describe("a configuration of SSH", () => {
  test("what is included in a block holds for that block alone", async () => {
    const inner = write("inner", ["Port 2022", "Host *", "  User inner"]);
    const lines = ["Host other", `  Include ${inner}`, "Host *", "  HostName 192.0.2.7"];
    expect(await endpoint(lines)).toMatchObject({ port: 22, hostname: "192.0.2.7" });
    expect(await endpoint(lines, "other")).toMatchObject({
      port: 2022,
      user: "inner",
      hostname: "192.0.2.7",
    });
  });

  test("a block of an included file ends with the file", async () => {
    const inner = write("inner", ["Host other", "  Port 2022"]);
    expect(await endpoint([`Include ${inner}`, "User ann"])).toMatchObject({ user: "ann", port: 22 });
  });

  test("a ProxyCommand behind an Include is refused with its line", async () => {
    const inner = write("inner", ["ProxyCommand nc %h %p"]);
    await expect(endpoint(["Host web*", `Include ${inner}`])).rejects.toMatchObject({
      code: "PROXY_COMMAND_UNSUPPORTED",
      failed: expect.stringContaining("inner:1"),
    });
  });

  test("Match exec runs its command only where what stands before it holds", async () => {
    const ran = join(folder, "ran");
    const lines = [
      `Match host other exec "touch ${ran}"`,
      "  Port 1",
      `Match exec "test %h = web1"`,
      "  Port 2022",
    ];
    expect(await endpoint(lines)).toMatchObject({ port: 2022 });
    expect(existsSync(ran)).toBe(false);
  });

  test("Match exec never gets the password for sudo", async () => {
    process.env.SKBOOK_SUDO_PASSWORD = "planted";
    try {
      const lines = ['Match exec "test x$SKBOOK_SUDO_PASSWORD = xplanted"', "  Port 2022"];
      expect(await endpoint(lines)).toMatchObject({ port: 22 });
    } finally {
      delete process.env.SKBOOK_SUDO_PASSWORD;
    }
  });

  test.each(["a;b", "$(id)", "a|b", "-oProxyCommand=x", "u'@h"])("%s is no destination", async (name) => {
    await expect(endpoint([], name)).rejects.toMatchObject({ code: "BAD_DESTINATION" });
  });

  test("Match final is read with the name that was found", async () => {
    const lines = [
      "Host web1",
      "  HostName web1.example.net",
      "Match final host *.example.net",
      "  User ann",
    ];
    expect(await endpoint(lines)).toMatchObject({ user: "ann", hostname: "web1.example.net" });
  });

  test("Match final all, which Fedora and its kin ship, holds in the second reading", async () => {
    const inner = write("inner", ["Compression yes"]);
    const lines = [
      "Match final all",
      `  Include ${inner}`,
      "  Port 2022",
      "Match originalhost other all",
      "  User x",
    ];
    expect(await endpoint(lines)).toMatchObject({ port: 2022, compress: true, user: userInfo().username });
    expect(await endpoint(lines, "other")).toMatchObject({ user: "x" });
  });

  test("a ConnectTimeout of 0, OpenSSH's word for none, is the default", async () => {
    expect(await endpoint(["ConnectTimeout 0"])).toMatchObject({ timeoutSeconds: 20 });
    expect((await endpoint(["ConnectTimeout 100w"])).timeoutSeconds * 1_000).toBeLessThan(2 ** 31);
  });

  test("tokens are put in, and one that isn't known is refused with its line", async () => {
    const lines = [
      "HostName %h.example.net",
      "Port 2022",
      "User ann",
      "IdentityFile /keys/%r-%h-%p-%n-%%-%k",
    ];
    expect((await endpoint(lines)).identityFiles).toEqual(["/keys/ann-web1.example.net-2022-web1-%-web1"]);
    await expect(endpoint(["IdentityFile /keys/%X"])).rejects.toThrow(/config:1/);
    await expect(endpoint(["IdentityFile ${NO_SUCH_VARIABLE}/x"])).rejects.toThrow(/NO_SUCH_VARIABLE/);
    await expect(endpoint(["HostName %n"])).rejects.toThrow(/config:1/);
  });

  test.each([
    ["CanonicalizeHostname yes", "SSH_CONFIG_UNSUPPORTED"],
    ["Match localnetwork 192.0.2.0/24", "SSH_CONFIG_UNSUPPORTED"],
    ["User %u", "SSH_CONFIG_UNSUPPORTED"],
    ["Port 0", "SSH_CONFIG_UNREADABLE"],
    ["Port", "SSH_CONFIG_UNREADABLE"],
    ['IdentityFile "open', "SSH_CONFIG_UNREADABLE"],
    ["Compression maybe", "SSH_CONFIG_UNREADABLE"],
    ["Match host", "SSH_CONFIG_UNREADABLE"],
  ])("%s is refused, and the line is named", async (line, code) => {
    await expect(endpoint(["", line])).rejects.toMatchObject({
      code,
      tried: expect.stringContaining("config:2"),
    });
  });

  test("a file that others can write is not included", async () => {
    const inner = write("inner", ["Port 2022"]);
    chmodSync(inner, 0o666);
    await expect(endpoint([`Include ${inner}`])).rejects.toMatchObject({ code: "SSH_CONFIG_UNREADABLE" });
  });

  test("files that include each other come to an end", async () => {
    const path = write("inner", [`Include ${join(folder, "inner")}`]);
    await expect(endpoint([`Include ${path}`])).rejects.toMatchObject({ code: "SSH_CONFIG_UNREADABLE" });
  });

  test("a key of RevokedHostKeys is refused, also where known_hosts allows it", async () => {
    const made = (name: string) => {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", join(folder, name)]);
      return readFileSync(join(folder, `${name}.pub`), "utf8").trim();
    };
    const [good, bad] = [made("good"), made("bad")];
    const known = write("known", [`web1 ${good}`, `web1 ${bad}`]);
    const revoked = write("revoked", ["# gone", bad]);
    const found = await endpoint([`RevokedHostKeys ${revoked}`, `UserKnownHostsFile ${known}`]);
    const check = await HostKeyCheck.for(found);
    const key = (line: string) => Buffer.from(line.split(" ")[1] as string, "base64");
    expect(check.accepts(key(bad))).toBe(false);
    expect(check.refusal?.code).toBe("HOST_KEY_REVOKED");
    expect((await HostKeyCheck.for(found)).accepts(key(good))).toBe(true);
    execFileSync("ssh-keygen", ["-q", "-k", "-f", revoked, join(folder, "bad.pub")]);
    for (const file of [revoked, join(folder, "missing"), known])
      await expect(HostKeyCheck.for(await endpoint([`RevokedHostKeys ${file}`]))).rejects.toMatchObject({
        code: "SSH_CONFIG_UNSUPPORTED",
      });
  });
});

describeLive("generated configurations", ["sshd"], () => {
  test("give what ssh -G gives, or are refused with the line", async () => {
    const count = sweep("generated configurations", 1_000, 60);
    const seen = { same: 0, refused: 0, both: 0 };
    for (let seed = 1; seed <= count; seed += 1) {
      const random = randomNumbers(seed);
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      const config = generate(random);
      const host = pick(names, random);
      const user = random() < 0.3 ? pick(users, random) : undefined;
      const port = random() < 0.2 ? 2200 : undefined;
      const theirs = bySsh(config, host, user, port);
      const ours = await readConfig({ host, user, port, file: config }).catch((error: SkbookError) => error);
      const about = `seed ${seed}: ${host}\n${everything()}`;
      if (ours instanceof Error) {
        expect(ours.code, about).toMatch(/^SSH_CONFIG_/);
        expect(ours.tried, about).toMatch(/:\d+$/);
        // What OpenSSH takes is refused only where skbook can't follow it.
        if (theirs !== null) expect(ours.code, `${ours.message}\n${about}`).toBe("SSH_CONFIG_UNSUPPORTED");
        seen[theirs === null ? "both" : "refused"] += 1;
        continue;
      }
      expect(theirs, `ssh refuses it, skbook doesn't\n${about}`).not.toBeNull();
      for (const [keyword, values] of Object.entries(theirs ?? {})) {
        const set = [...(ours.words(keyword as never) ?? [])];
        const joined = lists.includes(keyword) && set.length > 0 ? [set.join(" ")] : set;
        const own = clearedByNone.includes(keyword) && set[0]?.toLowerCase() === "none" ? [] : joined;
        if (own.length > 0 || !(keyword in defaults)) expect(own, `${keyword}\n${about}`).toEqual(values);
        else expect(values, `${keyword}\n${about}`).toEqual(defaults[keyword] ?? values);
      }
      seen.same += 1;
    }
    console.info(`generated configurations: ${JSON.stringify(seen)}`);
    expect(seen.same).toBeGreaterThan(count / 2);
  });
});

const names = ["web1", "web2", "db", "WEB1", "web1.example.net", "192.0.2.7"];
const users = ["ann", "bob"];
const patterns = ["web*", "web?", "*", "db", "!web2", "*.example.net", "192.0.2.*", "WEB1", "web1", "!db"];
/** What skbook uses; ssh -G prints of these what was set, and of those with a default always something. */
const defaults: Record<string, string[] | undefined> = {
  user: [userInfo().username],
  hostname: undefined,
  port: ["22"],
  identityfile: undefined,
  userknownhostsfile: undefined,
  globalknownhostsfile: undefined,
  identitiesonly: ["no"],
  compression: ["no"],
  connecttimeout: ["none"],
};
const compared = [
  ...Object.keys(defaults),
  "hostkeyalias",
  "identityagent",
  "proxycommand",
  "proxyjump",
  "revokedhostkeys",
];
/** ssh -G doesn't print these where they are none. */
const clearedByNone = ["proxycommand", "proxyjump", "revokedhostkeys"];
/** ssh -G prints their words without quotes. */
const lists = ["userknownhostsfile", "globalknownhostsfile"];

/** What ssh itself makes of a configuration: words by keyword, or null where it refuses it. */
function bySsh(config: string, host: string, user?: string, port?: number): Record<string, string[]> | null {
  const options = [
    ...(user === undefined ? [] : ["-l", user]),
    ...(port === undefined ? [] : ["-p", String(port)]),
  ];
  const { status, stdout } = spawnSync("ssh", ["-G", "-F", config, ...options, host], { encoding: "utf8" });
  if (status !== 0) return null;
  const found: Record<string, string[]> = {};
  for (const keyword of compared) found[keyword] = [];
  for (const line of stdout.split("\n")) {
    const [keyword = "", ...words] = line.split(" ");
    if (compared.includes(keyword)) found[keyword]?.push(words.join(" "));
  }
  return found;
}

function everything(): string {
  return execFileSync("sh", ["-c", 'for f in "$1"/*; do echo "== $f"; cat "$f"; done', "sh", folder], {
    encoding: "utf8",
  });
}

/** Files with blocks, includes and values, some of them wrong. */
function generate(random: Random): string {
  const files = 1 + Math.floor(random() * 3);
  for (let index = files; index > 0; index -= 1) {
    const lines: string[] = [];
    const count = 2 + Math.floor(random() * 12);
    for (let line = 0; line < count; line += 1) {
      const kind = random();
      if (kind < 0.2) lines.push(`Host ${some(patterns, random).join(" ")}`);
      else if (kind < 0.4) lines.push(matchLine(random));
      else if (kind < 0.5 && index < files)
        lines.push(include(index + 1 + Math.floor(random() * (files - index)), random));
      else lines.push(`${pick(["", "  ", "\t"], random)}${option(random)}`);
    }
    write(`file${index}`, lines);
  }
  return join(folder, "file1");
}

function include(index: number, random: Random): string {
  const path = join(
    folder,
    pick([`file${index}`, `file[${index}]`, `f*${index}`, "missing*", `"file${index}"`], random).replaceAll(
      '"',
      "",
    ),
  );
  return pick([`Include ${path}`, `include "${path}"`, `Include=${path}`], random);
}

function matchLine(random: Random): string {
  const criteria = [
    () => `host ${some(patterns, random).join(",")}`,
    () => `originalhost ${some(patterns, random).join(",")}`,
    () => `user ${pick(["ann", "bob,root", "*", "!ann,*"], random)}`,
    () => `localuser ${pick(["root", "*", "nobody"], random)}`,
    () =>
      `exec ${pick(["true", "false", '"test %h = web1"', '"test %n = web1"', '"test %p = 22 -a %r = ann"', '"test %k = web1"'], random)}`,
    () => "final",
    () => "canonical",
    () => `host=${pick(patterns, random)}`,
  ];
  const count = 1 + Math.floor(random() * 2);
  const chosen = Array.from(
    { length: count },
    () => `${random() < 0.2 ? "!" : ""}${pick(criteria, random)()}`,
  );
  const others = [
    "all",
    "!all",
    "final all",
    "!final all",
    "originalhost web1 all",
    "user * host web* all",
    "host",
    "exec",
    "all host web1",
  ];
  const line = random() < 0.8 ? chosen.join(" ") : pick(others, random);
  return `Match ${line}${random() < 0.1 ? " # why" : ""}`;
}

function option(random: Random): string {
  const values: Record<string, string[]> = {
    User: ["ann", "bob", '"carl"', ""],
    HostName: ["%h.example.net", "192.0.2.7", "Web9.Example.NET", "%%x", "%n", '"web1"'],
    Port: ["22", "2022", "0", "65536", "x", "22 23"],
    IdentityFile: ["~/.ssh/one", "/keys/%h", '"/keys/with space"', "none", "/keys/with\\ space", "/a /b"],
    IdentitiesOnly: ["yes", "no", "maybe", "true"],
    IdentityAgent: ["none", "SSH_AUTH_SOCK", "/run/agent"],
    HostKeyAlias: ["alias", '"alias"'],
    UserKnownHostsFile: ["/known1 /known2", "none", "/known3", "/known1 none", '"/known 4" /known5'],
    GlobalKnownHostsFile: ["/global", "none"],
    RevokedHostKeys: ["/revoked"],
    ProxyCommand: ["none", "nc %h %p", 'ssh "jump" -W %h:%p # x'],
    ProxyJump: ["none", "jump", "ann@jump:2022,other", "[2001:db8::1]:22", "a,,b", "jump # x"],
    ConnectTimeout: ["5", "1m30s", "none", "x", "1h"],
    Compression: ["yes", "no"],
    CanonicalizeHostname: ["no"],
    ForwardAgent: ["yes"],
  };
  const keyword = pick(Object.keys(values), random);
  const between = pick([" ", " ", "=", " = ", "\t"], random);
  const cased = pick([keyword, keyword.toLowerCase(), keyword.toUpperCase()], random);
  // Before a comment, OpenSSH 9.2 takes none for the name of a jump host.
  const comment = random() < 0.05 && keyword !== "ProxyJump" ? " # why" : "";
  // Most values are good ones, so that most files can be read.
  const [first, ...rest] = values[keyword] as [string, ...string[]];
  return `${cased}${between}${random() < 0.85 ? first : pick([first, ...rest], random)}${comment}`;
}

function some<T>(items: readonly T[], random: Random): T[] {
  return Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(items, random));
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[Math.floor(random() * items.length)] as T;
}
