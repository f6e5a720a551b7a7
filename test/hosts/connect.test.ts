import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "../../lib/index.js";
import { enterCell } from "../fixtures/cell.js";
import { describeLive } from "../fixtures/needs.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";

describeLive("connect", ["sshd"], () => {
  let sshd: Sshd;
  let user: string;
  beforeAll(async () => {
    sshd = await startSshd();
    user = sshd.destination.split("@")[0] as string;
  });
  afterAll(() => sshd?.stop());

  const file = (name: string) => join(sshd.folder, name);
  const hostKey = () => readFileSync(file("host_key.pub"), "utf8").trim();
  const otherKey = (name: string): string => {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file(name)]);
    return readFileSync(file(`${name}.pub`), "utf8").trim();
  };
  const known = (name: string, lines: string[]): string[] => {
    writeFileSync(file(name), `${lines.join("\n")}\n`);
    return [file(name)];
  };
  const at = (host = "127.0.0.1") => `[${host}]:${sshd.port}`;

  test("an unknown host key is refused with the fingerprint that ssh-keygen prints", async () => {
    const printed = execFileSync("ssh-keygen", ["-lf", file("host_key.pub")], { encoding: "utf8" });
    const fingerprint = /SHA256:\S+/.exec(printed)?.[0];
    const call = connect(sshd.destination, { ...sshd.options, knownHosts: known("empty", ["# nothing"]) });
    await expect(call).rejects.toMatchObject({ code: "HOST_KEY_UNKNOWN", details: { fingerprint } });
    await expect(call).rejects.toThrow(/ssh-keyscan/);
  });

  test("a changed host key is refused, and both fingerprints are named", async () => {
    const lines = [`${at()} ${otherKey("other")}`];
    const call = connect(sshd.destination, { ...sshd.options, knownHosts: known("changed", lines) });
    await expect(call).rejects.toMatchObject({ code: "HOST_KEY_CHANGED" });
    await expect(call).rejects.toThrow(/SHA256:.*SHA256:.*changed:1/s);
  });

  test("a revoked host key is refused even beside a line that allows it", async () => {
    const lines = [`${at()} ${hostKey()}`, `@revoked * ${hostKey()}`];
    const call = connect(sshd.destination, { ...sshd.options, knownHosts: known("revoked", lines) });
    await expect(call).rejects.toMatchObject({ code: "HOST_KEY_REVOKED" });
  });

  test.each([
    ["a hashed line", () => hashed()],
    ["a wildcard", () => [`[127.0.0.*]:${sshd.port} ${hostKey()}`]],
    ["one of several names", () => [`example.net,${at()} ${hostKey()}`]],
  ])("%s lets the host in", async (_, lines) => {
    const host = await connect(sshd.destination, { ...sshd.options, knownHosts: known("good", lines()) });
    expect((await host.exec(["echo", "hello"])).stdout).toBe("hello\n");
    await host.close();
  });

  test("a negated pattern keeps the host out", async () => {
    const lines = [`*,!${at()} ${hostKey()}`, `!${at()},* ${hostKey()}`];
    const call = connect(sshd.destination, { ...sshd.options, knownHosts: known("negated", lines) });
    await expect(call).rejects.toMatchObject({ code: "HOST_KEY_UNKNOWN" });
  });

  function hashed(): string[] {
    const path = file("hashed");
    writeFileSync(path, `${at()} ${hostKey()}\n`);
    execFileSync("ssh-keygen", ["-H", "-f", path], { stdio: "ignore" });
    const text = readFileSync(path, "utf8");
    expect(text).toMatch(/^\|1\|/);
    return [text.trim()];
  }

  test("a key that the server doesn't know is refused, and what was offered is named", async () => {
    otherKey("stranger");
    const call = connect(sshd.destination, { ...sshd.options, identityFiles: [file("stranger")] });
    await expect(call).rejects.toMatchObject({ code: "SSH_AUTH_FAILED" });
    await expect(call).rejects.toThrow(/stranger/);
  });

  test("a key with a passphrase works with the passphrase, and its error never shows it", async () => {
    execFileSync("ssh-keygen", [
      "-q",
      "-t",
      "ed25519",
      "-N",
      "correct horse",
      "-C",
      "",
      "-f",
      file("locked"),
    ]);
    const allowed = readFileSync(file("authorized_keys"), "utf8");
    writeFileSync(file("authorized_keys"), allowed + readFileSync(file("locked.pub"), "utf8"));
    const options = { ...sshd.options, identityFiles: [file("locked")] };
    await (await connect(sshd.destination, { ...options, passphrase: () => "correct horse" })).close();
    const wrong = connect(sshd.destination, { ...options, passphrase: () => "battery staple" });
    await expect(wrong).rejects.toMatchObject({ code: "SSH_AUTH_FAILED" });
    await expect(wrong).rejects.not.toThrow(/battery/);
    await expect(connect(sshd.destination, options)).rejects.toThrow(/passphrase/);
  });

  test("the agent's keys are used", async () => {
    const agent = execFileSync("ssh-agent", ["-s"], { encoding: "utf8" });
    const socket = /SSH_AUTH_SOCK=([^;]+)/.exec(agent)?.[1] as string;
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(agent)?.[1]);
    try {
      execFileSync("ssh-add", ["-q", file("user_key")], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
      const host = await connect(sshd.destination, { ...sshd.options, identityFiles: [], agent: socket });
      await host.close();
    } finally {
      process.kill(pid);
    }
  });

  test("IdentitiesOnly: the agent's keys that identity files name are used, and no others", async () => {
    const agent = execFileSync("ssh-agent", ["-s"], { encoding: "utf8" });
    const socket = /SSH_AUTH_SOCK=([^;]+)/.exec(agent)?.[1] as string;
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(agent)?.[1]);
    const env = { ...process.env, SSH_AUTH_SOCK: socket };
    const add = (path: string) => execFileSync("ssh-add", ["-q", path], { env });
    const config = (name: string, identity: string): string => {
      const lines = ["IdentitiesOnly yes", `IdentityFile ${identity}`, `IdentityAgent ${socket}`];
      writeFileSync(file(name), `${lines.join("\n")}\n`);
      return file(name);
    };
    const options = { knownHosts: sshd.options.knownHosts as string[] };
    try {
      // As many others as make sshd close the connection: MaxAuthTries is 6.
      for (let other = 0; other < 7; other += 1) {
        otherKey(`other_${other}`);
        add(file(`other_${other}`));
      }
      const key = file("user_key");
      add(key);
      // The public key alone; the private one beside its public one; the private one alone, behind a passphrase that nobody is asked for.
      copyFileSync(`${key}.pub`, file("named.pub"));
      copyFileSync(key, file("locked_alone"));
      execFileSync("ssh-keygen", ["-q", "-p", "-P", "", "-N", "not asked for", "-f", file("locked_alone")]);
      for (const named of [file("named.pub"), file("named"), file("locked_alone")]) {
        const host = await connect(sshd.destination, { ...options, config: config("only", named) });
        await host.close();
      }
      const call = connect(sshd.destination, { ...options, config: config("stranger", file("other_0.pub")) });
      await expect(call).rejects.toMatchObject({ code: "SSH_AUTH_FAILED" });
      await expect(call).rejects.toThrow(/keys of the SSH agent that identity files name.*public key/s);
    } finally {
      process.kill(pid);
    }
  });

  test("an agent that is gone doesn't stand in the way of a key file", async () => {
    const host = await connect(sshd.destination, { ...sshd.options, agent: file("no-such-socket") });
    await host.close();
  });

  test("a host that shows a key of another type has changed, too", async () => {
    execFileSync("ssh-keygen", ["-q", "-t", "ecdsa", "-N", "", "-C", "", "-f", file("old_key")]);
    const lines = [`${at()} ${readFileSync(file("old_key.pub"), "utf8").trim()}`];
    const call = connect(sshd.destination, { ...sshd.options, knownHosts: known("other_type", lines) });
    await expect(call).rejects.toMatchObject({ code: "HOST_KEY_CHANGED" });
  });

  test("~/.ssh/config: Include, HostKeyAlias; ProxyCommand is refused", async () => {
    const included = [
      "Host aliased",
      "  HostName 127.0.0.1",
      `  Port ${sshd.port}`,
      `  User ${user}`,
      "  HostKeyAlias the-one",
      `  IdentityFile ${file("user_key")}`,
      `  UserKnownHostsFile ${known("aliased_hosts", [`the-one ${hostKey()}`])}`,
      "Host behind",
      "  ProxyCommand nc %h %p",
    ];
    writeFileSync(file("included_1.conf"), included.join("\n"));
    writeFileSync(file("including"), `Include ${file("included_*.conf")}\n`);
    const options = { config: file("including"), agent: false as const };
    await (await connect("aliased", options)).close();
    await expect(connect("behind", options)).rejects.toMatchObject({ code: "PROXY_COMMAND_UNSUPPORTED" });
  });

  test("~/.ssh/config: alias, port, user, identity, jump host", async () => {
    writeFileSync(
      file("ssh_config"),
      [
        "Host gate",
        "  HostName 127.0.0.1",
        `  Port ${sshd.port}`,
        `  User ${user}`,
        "Host inner",
        "  hostname localhost",
        `  port ${sshd.port}`,
        `  user ${user}`,
        "  ProxyJump gate",
        "Host *",
        `  IdentityFile ${file("user_key")}`,
        `  UserKnownHostsFile ${known("both", [`${at()} ${hostKey()}`, `${at("localhost")} ${hostKey()}`])}`,
      ].join("\n"),
    );
    const host = await connect("inner", { config: file("ssh_config"), agent: false });
    const seen = await host.exec(["sh", "-c", "echo $SSH_CONNECTION"]);
    expect(seen.stdout).toMatch(/^(127\.0\.0\.1|::1) /);
    await host.close();
  });

  test.each([
    ["no-such-host.invalid", "HOST_UNKNOWN"],
    ["127.0.0.1:1", "HOST_UNREACHABLE"],
    ["", "BAD_DESTINATION"],
    ["a b", "BAD_DESTINATION"],
    ["root@host:99999", "BAD_DESTINATION"],
    ["root@host; reboot", "BAD_DESTINATION"],
  ])("%j is refused with %s", async (destination, code) => {
    await expect(connect(destination, { ...sshd.options, timeoutSeconds: 5 })).rejects.toMatchObject({
      code,
    });
  });

  test("an interrupt ends a connect", async () => {
    const { createServer } = await import("node:net");
    const silent = createServer().listen(0, "127.0.0.1");
    await new Promise((listening) => silent.once("listening", listening));
    const { port } = silent.address() as { port: number };
    const leave = enterCell("connect");
    const call = connect(`root@127.0.0.1:${port}`, { ...sshd.options, timeoutSeconds: 60 });
    call.catch(() => {});
    leave.interrupt();
    await expect(call).rejects.toMatchObject({ code: "INTERRUPTED" });
    leave();
    silent.close();
  });

  test("a name that nobody knows is told before what there is to log in with", async () => {
    const call = connect("root@no-such-host.invalid", { ...sshd.options, identityFiles: [] });
    await expect(call).rejects.toMatchObject({
      code: "HOST_UNKNOWN",
      failed: "no address is known for no-such-host.invalid",
    });
    const known = connect(sshd.destination, { ...sshd.options, identityFiles: [] });
    await expect(known).rejects.toMatchObject({ code: "SSH_AUTH_FAILED" });
  });

  test("a server that says nothing is given up", async () => {
    const { createServer } = await import("node:net");
    const silent = createServer().listen(0, "127.0.0.1");
    await new Promise((listening) => silent.once("listening", listening));
    const { port } = silent.address() as { port: number };
    const call = connect(`root@127.0.0.1:${port}`, { ...sshd.options, timeoutSeconds: 1 });
    await expect(call).rejects.toMatchObject({ code: "HOST_UNREACHABLE" });
    silent.close();
  });
});
