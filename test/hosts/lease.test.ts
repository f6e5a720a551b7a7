import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConnectedHost } from "../../lib/hosts/connected-host.js";
import { localTransport } from "../../lib/hosts/local.js";
import type { Transport } from "../../lib/hosts/transport.js";
import { connect, type Host, localhost } from "../../lib/index.js";
import { startFlakyProxy } from "../fixtures/flaky-proxy.js";
import { describeLive } from "../fixtures/needs.js";
import { eventually, processesWith } from "../fixtures/processes.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";

/** A command that would outlive everything, found again by its number. */
let next = 7_000_000 + (process.pid % 100_000) * 10;
function longSleep(): { command: string[]; running: () => boolean } {
  next += 1;
  const seconds = String(next);
  return { command: ["sleep", seconds], running: () => processesWith(`sleep ${seconds}`).length > 0 };
}

describeLive("a command under a lease", ["sshd"], () => {
  let sshd: Sshd;
  let remote: Host;
  const hosts: [string, () => Host][] = [
    ["over SSH", () => remote],
    ["on this machine", () => localhost()],
  ];

  beforeAll(async () => {
    sshd = await startSshd();
    remote = await connect(sshd.destination, sshd.options);
  });
  afterAll(async () => {
    await remote?.close();
    sshd?.stop();
  });

  test.each(hosts)("%s: result has both streams, exit code and proof of its end", async (_, host) => {
    const result = await host().exec(["sh", "-c", "echo out; echo err >&2; exit 3"]);
    expect(result).toMatchObject({
      stdout: "out\n",
      stderr: "err\n",
      exitCode: 3,
      timedOut: false,
      canceled: false,
      connectionLost: false,
      detached: "proved",
    });
  });

  test.each(hosts)("%s: arguments reach the command unchanged", async (_, host) => {
    const words = [
      "a b",
      "it's",
      '"$HOME"',
      "$(id)",
      "`id`",
      "back\\slash",
      "*",
      "new\nline",
      "",
      "ünïcode",
      ";reboot",
    ];
    const result = await host().exec(["printf", "%s\\037", ...words]);
    expect(result.stdout.split("\u001f").slice(0, -1)).toEqual(words);
  });

  test.each(hosts)("%s: a reader that comes late gets every byte", async (_, host) => {
    for (const length of [5_000, 5_000_000]) {
      const execution = host().start(["head", "-c", String(length), "/dev/zero"]);
      await new Promise((later) => setTimeout(later, 1_500));
      let bytes = 0;
      for await (const chunk of execution) bytes += chunk.length;
      expect(bytes).toBe(length);
      expect(await execution.ended).toMatchObject({ exitCode: 0, detached: "proved" });
    }
  });

  test.each(hosts)("%s: the deadline ends it", async (_, host) => {
    const sleep = longSleep();
    const result = await host().exec(sleep.command, { deadlineSeconds: 1 });
    expect(result).toMatchObject({ timedOut: true, detached: "proved" });
    expect(sleep.running()).toBe(false);
  });

  test("the deadline is told though this process heard late that the command had begun", async () => {
    const late: Transport = {
      ...localTransport,
      async open(...words) {
        const channel = await localTransport.open(...words);
        await new Promise((later) => setTimeout(later, 300));
        return channel;
      },
    };
    const host = new ConnectedHost("h1", late);
    const result = await host.exec(["sleep", "30"], { deadlineSeconds: 1 });
    expect(result).toMatchObject({ timedOut: true, detached: "proved" });
    const own = await localhost().exec(["sh", "-c", "exit 124"], { deadlineSeconds: 2 });
    expect(own).toMatchObject({ timedOut: false, exitCode: 124 });
  });

  test.each(hosts)("%s: a command that ignores SIGTERM is killed all the same", async (_, host) => {
    const sleep = longSleep();
    const stubborn = ["sh", "-c", `trap '' TERM; ${sleep.command.join(" ")} & wait; wait`];
    const result = await host().exec(stubborn, { deadlineSeconds: 1 });
    expect(result.timedOut).toBe(true);
    expect(await eventually(5, () => !sleep.running())).toBe(true);
  });

  test.each(hosts)("%s: an abort ends it, and the call fails only when it is gone", async (_, host) => {
    const sleep = longSleep();
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 500);
    const call = host().exec(sleep.command, { signal: abort.signal });
    await expect(call).rejects.toMatchObject({ code: "INTERRUPTED", details: { detached: "proved" } });
    expect(sleep.running()).toBe(false);
  });

  test.each(hosts)("%s: a reader that stops reading ends it", async (_, host) => {
    const execution = host().start(["sh", "-c", "while :; do echo line; done"]);
    for await (const _chunk of execution) break;
    expect(await execution.ended).toMatchObject({ detached: "proved" });
  });

  test.each(hosts)(
    "%s: what is to end has time to say what it has, longer than what is stopped",
    async (_, host) => {
      const slow = [
        "sh",
        "-c",
        "trap 'sleep 5; echo counted; exit' TERM; echo ready; while :; do sleep 0.1; done",
      ];
      const said = async (act: "end" | "stop") => {
        const execution = host().start(slow);
        let text = "";
        for await (const chunk of execution) {
          if (text === "") execution[act]();
          text += Buffer.from(chunk).toString();
        }
        return [text, (await execution.ended).detached];
      };
      expect(await said("end")).toEqual(["ready\ncounted\n", "proved"]);
      expect(await said("stop")).toEqual(["ready\n", "proved"]);
    },
  );

  test.each(hosts)("%s: an expired lease isn't taken for the stop that came after it", async (_, host) => {
    const execution = host().start(longSleep().command);
    for await (const _chunk of host().start(["true"]));
    const end = Date.now() + 6_000;
    while (Date.now() < end);
    execution.stop();
    for await (const _chunk of execution);
    expect(await execution.ended).toMatchObject({ leaseExpired: true, exitCode: null, detached: "proved" });
  });

  test("what login scripts say is not taken for the command's words", async () => {
    const noisy = await startSshd({
      lines: () => ['ForceCommand echo welcome; echo "quota exceeded" >&2; eval "$SSH_ORIGINAL_COMMAND"'],
    });
    try {
      const host = await connect(noisy.destination, noisy.options);
      const result = await host.exec(["sh", "-c", "echo out; echo err >&2"]);
      expect(result).toMatchObject({ stdout: "out\n", stderr: "quota exceeded\nerr\n", detached: "proved" });
      await host.close();
    } finally {
      noisy.stop();
    }
  });

  test.each(hosts)("%s: a process too busy to renew the lease is told so", async (_, host) => {
    const sleep = longSleep();
    const call = host().exec(sleep.command);
    call.catch(() => {});
    expect(await eventually(30, sleep.running)).toBe(true);
    const end = Date.now() + 6_000;
    while (Date.now() < end);
    await expect(call).rejects.toMatchObject({ code: "LEASE_EXPIRED" });
    expect(sleep.running()).toBe(false);
  });

  test("a cut connection ends it within 5 s", async () => {
    const proxy = await startFlakyProxy(sshd);
    const host = await connect(proxy.destination, { ...proxy.options, keepaliveSeconds: 1 });
    const sleep = longSleep();
    const call = host.exec(sleep.command);
    expect(await eventually(30, sleep.running)).toBe(true);
    proxy.cut();
    expect(await call).toMatchObject({ connectionLost: true, exitCode: null, detached: "unknown" });
    expect(await eventually(5, () => !sleep.running())).toBe(true);
    await expect(host.exec(["true"])).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    proxy.close();
  });

  test("a connection that falls silent ends it within 5 s", async () => {
    const proxy = await startFlakyProxy(sshd);
    const host = await connect(proxy.destination, { ...proxy.options, keepaliveSeconds: 1 });
    const sleep = longSleep();
    const call = host.exec(sleep.command);
    expect(await eventually(30, sleep.running)).toBe(true);
    proxy.freeze();
    expect(await eventually(5, () => !sleep.running())).toBe(true);
    expect(await call).toMatchObject({ connectionLost: true });
    proxy.close();
  });

  test("a connection that falls silent while it is told to end, ends it within 5 s", async () => {
    const proxy = await startFlakyProxy(sshd);
    const host = await connect(proxy.destination, { ...proxy.options, keepaliveSeconds: 1 });
    const sleep = longSleep();
    const stubborn = ["sh", "-c", `trap '' CONT TERM; echo ready; ${sleep.command.join(" ")} & wait; wait`];
    const execution = host.start(stubborn);
    let ending = false;
    for await (const _chunk of execution) {
      if (ending) continue;
      ending = true;
      execution.end();
      // What goes by the connection has to arrive, and nothing behind it.
      await new Promise((later) => setTimeout(later, 300));
      proxy.freeze();
      expect(await eventually(5, () => !sleep.running())).toBe(true);
    }
    proxy.close();
  });

  test("SIGKILL of the local process ends it within 5 s", async () => {
    for (const where of ["local", "ssh"]) {
      const sleep = longSleep();
      const program = `
        import { connect, localhost } from "skbook";
        const host = ${JSON.stringify(where)} === "ssh"
          ? await connect(${JSON.stringify(sshd.destination)}, ${JSON.stringify(sshd.options)}) : localhost();
        await host.exec(${JSON.stringify(sleep.command)});`;
      const client = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: "inherit" });
      expect(await eventually(20, sleep.running)).toBe(true);
      client.kill("SIGKILL");
      await once(client, "exit");
      expect(await eventually(5, () => !sleep.running())).toBe(true);
    }
  });

  test("what is not installed is a result, not a hang", async () => {
    for (const [, host] of hosts) {
      const result = await host().exec(["no-such-command-here"]);
      expect(result.exitCode).toBe(127);
      expect(result.stderr).toMatch(/no-such-command-here/);
    }
  });

  test("many commands at once stay under the server's session limit", async () => {
    const results = await Promise.all(Array.from({ length: 20 }, (_, i) => remote.exec(["echo", String(i)])));
    expect(results.map((result) => result.stdout.trim())).toEqual(
      Array.from({ length: 20 }, (_, i) => String(i)),
    );
  });
});
