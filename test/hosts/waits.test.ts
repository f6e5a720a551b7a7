import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ConnectedHost } from "../../lib/hosts/connected-host.js";
import { localTransport } from "../../lib/hosts/local.js";
import type { Transport } from "../../lib/hosts/transport.js";
import { connect, type Host, hostFacts, onAll } from "../../lib/index.js";
import { enterCell } from "../fixtures/cell.js";
import { startFlakyProxy } from "../fixtures/flaky-proxy.js";
import { describeLive } from "../fixtures/needs.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";

/** Far below what sessions hang here, far above what a slow machine takes. */
const patience = { timeout: 85_000 };
const hangs = "sleep 90";

/** Tests that wait, each for something else, at the same time, of all groups. */
const together = { ...patience, concurrent: true };

vi.setConfig({ maxConcurrency: 20 });

describe.concurrent("what waits", () => {
  describeLive("for a host over SSH", ["sshd"], () => {
    let sshd: Sshd;
    let hanging: Sshd;
    beforeAll(async () => {
      sshd = await startSshd();
      hanging = await startSshd({ lines: () => [`ForceCommand ${hangs}`] });
    });
    afterAll(() => {
      sshd.stop();
      hanging.stop();
    });

    describe("a host whose sessions hang", () => {
      async function withHost(work: (host: Host) => Promise<void>): Promise<void> {
        const host = await connect(hanging.destination, hanging.options);
        await work(host);
        await host.close();
      }

      test("has its deadline by the client's clock", together, () =>
        withHost(async (host) => {
          await expect(host.exec(["true"], { deadlineSeconds: 2 })).rejects.toMatchObject({
            code: "DEADLINE",
          });
        }),
      );

      test("hears an abort at once", together, () =>
        withHost(async (host) => {
          const abort = new AbortController();
          setTimeout(() => abort.abort(), 300);
          const call = host.exec(["true"], { signal: abort.signal });
          await expect(call).rejects.toMatchObject({ code: "INTERRUPTED" });
        }),
      );

      test("hears an abort while it becomes root", together, () =>
        withHost(async (host) => {
          const abort = new AbortController();
          setTimeout(() => abort.abort(), 300);
          const call = host.exec(["true"], { root: true, signal: abort.signal });
          await expect(call).rejects.toMatchObject({ code: "INTERRUPTED" });
        }),
      );

      test("becomes root within the deadline or not at all", together, () =>
        withHost(async (host) => {
          const call = host.exec(["true"], { root: true, deadlineSeconds: 2 });
          await expect(call).rejects.toMatchObject({ code: "DEADLINE" });
        }),
      );

      test("doesn't keep the others waiting", together, () =>
        withHost(async (host) => {
          const other = await connect(sshd.destination, sshd.options);
          const results = await onAll([host, other], (one) =>
            one.exec(["echo", "here"], { deadlineSeconds: 2 }),
          );
          expect(results.of(other.name).stdout).toBe("here\n");
          expect(() => results.of(host.name)).toThrow(/DEADLINE/);
          await other.close();
        }),
      );

      test("is refused more once all of its sessions hang", together, () =>
        withHost(async (host) => {
          const all = Array.from({ length: 10 }, () => host.exec(["true"], { deadlineSeconds: 1 }));
          const codes = (await Promise.allSettled(all)).map(
            (one) => one.status === "rejected" && one.reason.code,
          );
          // Eight at a time; a ninth session is kept for checks.
          expect(codes.slice(0, 8)).toEqual(Array(8).fill("DEADLINE"));
          expect(codes.slice(8)).toEqual(Array(2).fill("SESSION_REFUSED"));
        }),
      );

      test("is no reason to wait for facts", together, () =>
        withHost(async (host) => {
          await expect(hostFacts(host)).rejects.toMatchObject({ code: "DEADLINE" });
        }),
      );
    });

    describe("a server that says nothing any more", () => {
      /** A connection that will not even notice that nobody answers. */
      async function frozen() {
        const proxy = await startFlakyProxy(sshd);
        const host = await connect(proxy.destination, { ...proxy.options, keepaliveSeconds: 3_600 });
        return { proxy, host };
      }

      test("ends what is opened by the deadline, and is closed", together, async () => {
        const { proxy, host } = await frozen();
        await host.exec(["true"]);
        proxy.freeze();
        await expect(host.exec(["true"], { deadlineSeconds: 1 })).rejects.toMatchObject({ code: "DEADLINE" });
        // The connection is given up some seconds later: then nothing is tried on it any more.
        const codes = new Set<string>();
        while (!codes.has("CONNECTION_LOST")) {
          await host.exec(["true"], { deadlineSeconds: 1 }).catch((error) => codes.add(error.code));
        }
        expect([...codes].filter((code) => !["DEADLINE", "CONNECTION_LOST"].includes(code))).toEqual([]);
        await host.close();
        proxy.close();
      });

      test("ends what runs by the deadline", together, async () => {
        const { proxy, host } = await frozen();
        await host.exec(["true"]);
        const call = host.exec(["sleep", "60"], { deadlineSeconds: 3 });
        setTimeout(() => proxy.freeze(), 2_000);
        expect(await call).toMatchObject({ timedOut: true, exitCode: null, detached: "unknown" });
        await host.close();
        proxy.close();
      });

      test("ends what runs, its reader too, by an interrupt", together, async () => {
        const { proxy, host } = await frozen();
        await host.exec(["true"]);
        const abort = new AbortController();
        const execution = host.start(["sh", "-c", "while :; do echo line; sleep 0.1; done"], {
          signal: abort.signal,
        });
        let frozenNow = false;
        for await (const _ of execution) {
          if (frozenNow) continue;
          frozenNow = true;
          proxy.freeze();
          setTimeout(() => abort.abort(), 100);
        }
        expect(await execution.ended).toMatchObject({ canceled: true, detached: "unknown" });
        await host.close();
        proxy.close();
      });

      test("ends an exchange of time stamps", together, async () => {
        const { proxy, host } = await frozen();
        proxy.freeze();
        await expect(host.exchangeTimes(3)).rejects.toMatchObject({ code: "DEADLINE" });
        await host.close();
        proxy.close();
      });

      test("is closed", together, async () => {
        const { proxy, host } = await frozen();
        proxy.freeze();
        await host.close();
        await expect(host.exec(["true"])).rejects.toMatchObject({ code: "CONNECTION_LOST" });
        proxy.close();
      });
    });
  });

  test("onAll gives up what doesn't end after an interrupt", together, async () => {
    const cell = enterCell("a");
    const call = onAll([new ConnectedHost("h1", localTransport)], () => new Promise(() => {}));
    // The others belong to no cell.
    cell();
    setTimeout(() => cell.interrupt(), 100);
    await expect(call).rejects.toMatchObject({ code: "INTERRUPTED" });
  });
});

test(
  "a person who doesn't answer is waited for no longer than the deadline, or an interrupt",
  patience,
  async () => {
    const unanswered: AbortSignal[] = [];
    const never = (_host: string, signal: AbortSignal) => {
      unanswered.push(signal);
      return new Promise<string>(() => {});
    };
    const sudo: Transport = {
      ...localTransport,
      open: (command, use, patience) => {
        const said = command.includes("sudo")
          ? ["false"]
          : command.at(-1)?.includes("id -u")
            ? ["echo", "1000"]
            : command;
        return localTransport.open(said, use, patience);
      },
    };
    const host = new ConnectedHost("h1", sudo, { askPassword: never });
    const call = host.exec(["true"], { root: true, deadlineSeconds: 1 });
    await expect(call).rejects.toMatchObject({ code: "DEADLINE", tried: "run true on h1" });
    expect(unanswered.map(({ aborted }) => aborted)).toEqual([true]);
    // Who comes later has somebody asked anew; while they wait, they share one question.
    const two = [1, 2].map(() => host.exec(["true"], { root: true, deadlineSeconds: 1 }));
    for (const one of two) await expect(one).rejects.toMatchObject({ code: "DEADLINE" });
    expect(unanswered.map(({ aborted }) => aborted)).toEqual([true, true]);
    const cell = enterCell("a");
    setTimeout(() => cell.interrupt(), 200);
    await expect(host.canBeRoot()).rejects.toMatchObject({ code: "INTERRUPTED" });
    cell();
    expect(unanswered.map(({ aborted }) => aborted)).toEqual([true, true, true]);
    // A call that is given up takes nothing from another that waits for the same answer.
    let answer: (password: string) => void = () => {};
    const patient = new ConnectedHost("h2", sudo, {
      askPassword: () => new Promise((resolve) => (answer = resolve)),
    });
    const gone = new AbortController();
    const first = patient.exec(["echo", "first"], { root: true, signal: gone.signal });
    const second = patient.exec(["echo", "second"], { root: true });
    setTimeout(() => gone.abort(), 500);
    await expect(first).rejects.toMatchObject({ code: "INTERRUPTED" });
    answer("wrong");
    await expect(second).rejects.toMatchObject({ code: "ROOT_NEEDED" });
  },
);

test("connect() gives up what answers without being an SSH server", patience, async () => {
  const mute = createServer(() => {}).listen(0, "127.0.0.1");
  await once(mute, "listening");
  const { port } = mute.address() as { port: number };
  const sshd = await startSshd();
  const options = { ...sshd.options, timeoutSeconds: 1 };
  await expect(connect(`root@127.0.0.1:${port}`, options)).rejects.toMatchObject({
    code: "HOST_UNREACHABLE",
  });
  const cell = enterCell("a");
  setTimeout(() => cell.interrupt(), 200);
  await expect(connect(`root@127.0.0.1:${port}`, sshd.options)).rejects.toMatchObject({
    code: "INTERRUPTED",
  });
  cell();
  mute.close();
  sshd.stop();
});
