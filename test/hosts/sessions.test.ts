import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readSections } from "../../lib/hosts/index.js";
import { AllHang, type Session, Sessions } from "../../lib/hosts/ssh/sessions.js";
import type { SessionUse } from "../../lib/hosts/transport.js";
import { connect, dropSummary, type ExecOptions, type Execution, type Host } from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import { eventually, processesWith } from "../fixtures/processes.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";

describe("the sessions of a connection", () => {
  /** Takes sessions, and knows which have been had, in their order. */
  function taking() {
    const sessions = new Sessions();
    const had: string[] = [];
    const sessionsHad = new Map<string, Session>();
    const take = (use: SessionUse, ...names: string[]) => {
      for (const name of names)
        sessions.take(use).then((session) => {
          had.push(name);
          sessionsHad.set(name, session);
        });
    };
    const settled = async () => {
      await sleep(0);
      return had.splice(0);
    };
    const giveBack = (name: string) => sessionsHad.get(name)?.giveBack();
    return { sessions, take, settled, giveBack, hang: (name: string) => sessionsHad.get(name)?.hangs() };
  }
  const runs = ["r1", "r2", "r3", "r4", "r5", "r6", "r7"];

  test("are nine: of them seven for runs, one more for commands, one more for checks", async () => {
    const { take, settled } = taking();
    take("run", ...runs, "r8");
    take("exec", "e1", "e2");
    take("check", "c1", "c2");
    expect(await settled()).toEqual([...runs, "e1", "c1"]);
  });

  test("that no run needs are for commands, all but one", async () => {
    const { take, settled } = taking();
    take("exec", "e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8", "e9");
    take("check", "c1");
    expect(await settled()).toEqual(["e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8", "c1"]);
  });

  test("go to checks first, then to who came first", async () => {
    const { take, settled, giveBack } = taking();
    take("run", ...runs, "r8", "r9");
    take("exec", "e1", "e2");
    take("check", "c1", "c2", "c3");
    await settled();
    giveBack("r1");
    expect(await settled()).toEqual(["c2"]);
    giveBack("c1");
    expect(await settled()).toEqual(["c3"]);
    giveBack("c2");
    expect(await settled()).toEqual(["r8"]);
    giveBack("r2");
    expect(await settled()).toEqual(["r9"]);
    giveBack("r3");
    expect(await settled()).toEqual(["e2"]);
  });

  test("that hang are waited for only as long as another one may come free", async () => {
    const { sessions, take, settled, giveBack, hang } = taking();
    take("run", ...runs);
    take("exec", "e1");
    take("check", "c1");
    await settled();
    const waiting = sessions.take("run");
    for (const name of [...runs, "c1"]) hang(name);
    take("check", "c2");
    expect(await settled()).toEqual([]);
    giveBack("e1");
    expect(await settled()).toEqual(["c2"]);
    hang("c2");
    await expect(waiting).rejects.toBeInstanceOf(AllHang);
    await expect(sessions.take("check")).rejects.toBeInstanceOf(AllHang);
    giveBack("r1");
    take("exec", "e2");
    expect(await settled()).toEqual(["e2"]);
  });

  test("are not had by who gave up waiting", async () => {
    const { sessions, take, settled, giveBack } = taking();
    take("run", ...runs);
    await settled();
    const abort = new AbortController();
    const waiting = sessions.take("run", abort.signal);
    take("run", "r8");
    abort.abort(new Error("no longer"));
    await expect(waiting).rejects.toThrow("no longer");
    await expect(sessions.take("run", abort.signal)).rejects.toThrow("no longer");
    giveBack("r1");
    expect(await settled()).toEqual(["r8"]);
  });
});

describeLive("a connection with more to do than sshd allows", ["sshd"], () => {
  let sshd: Sshd;
  let host: Host;
  beforeEach(async () => {
    sshd = await startSshd();
    host = await connect(sshd.destination, sshd.options);
  });
  afterEach(async () => {
    await host?.close();
    sshd?.stop();
  });

  /** A run whose output is read: unread, it doesn't end. */
  function started(command: string[], options?: ExecOptions): Execution {
    const run = host.start(command, options);
    (async () => {
      for await (const _ of run);
    })().catch(() => {});
    return run;
  }

  /** As many as run at once: they end when they are told to. */
  async function sevenRuns(): Promise<Execution[]> {
    const seconds = String(8_000_000 + process.pid);
    const runs = Array.from({ length: 7 }, () => started(["sleep", seconds], { deadlineSeconds: 90 }));
    expect(await eventually(20, () => processesWith(`sleep ${seconds}`).length >= 7)).toBe(true);
    return runs;
  }

  test("executes commands one after the other beside seven runs, and checks beside all of them", async () => {
    const runs = await sevenRuns();
    const over: string[] = [];
    const noted = <T>(name: string, call: Promise<T>) => call.finally(() => over.push(name));
    const abort = new AbortController();
    const ninth = noted("ninth", host.exec(["sleep", "90"], { signal: abort.signal }));
    const tenth = noted("tenth", host.exec(["echo", "tenth"]));
    const late = started(["echo", "late"]);
    await sleep(500);
    const said = await noted("check", readSections(host, "closing", "say uid; id -u", []));
    expect(said.uid).toMatch(/^\d+/);
    expect(over).toEqual(["check"]);
    runs[0]?.stop();
    // The session that it gives back is for the tenth, beside the check that proves its end.
    expect(await noted("proof", (runs[0] as Execution).ended)).toMatchObject({ detached: "proved" });
    expect(over).toContain("proof");
    expect(over).not.toContain("ninth");
    abort.abort();
    await expect(ninth).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(await tenth).toMatchObject({ stdout: "tenth\n", detached: "proved" });
    expect(await late.ended).toMatchObject({ exitCode: 0, detached: "proved" });
    for (const run of runs) run.stop();
    for (const run of runs) expect(await run.ended).toMatchObject({ canceled: false, detached: "proved" });
  });

  test("leaves out what is interrupted while it waits", async () => {
    const runs = await sevenRuns();
    const abort = new AbortController();
    const waiting = started(["sleep", "60"], { signal: abort.signal });
    setTimeout(() => abort.abort(), 100);
    await expect(waiting.ended).rejects.toMatchObject({ code: "INTERRUPTED" });
    for (const run of runs) run.stop();
    await Promise.all(runs.map((run) => run.ended));
  });

  test("never starts what is told to end while it waits", async () => {
    const runs = await sevenRuns();
    const seconds = String(9_000_000 + process.pid);
    const [stopped, ended] = [started(["sleep", seconds]), started(["sleep", seconds])];
    await sleep(200);
    stopped.stop();
    ended.end();
    for (const waiting of [stopped, ended])
      await expect(waiting.ended).rejects.toMatchObject({ code: "INTERRUPTED" });
    for (const run of runs) run.stop();
    await Promise.all(runs.map((run) => run.ended));
    expect(processesWith(`sleep ${seconds}`)).toEqual([]);
  });

  test("counts a command's time from when it had its session", async () => {
    const runs = await sevenRuns();
    const before = host.exec(["sleep", "12"]);
    await sleep(200);
    const { timedOut, durationMs } = await host.exec(["sh", "-c", "kill -s KILL $$"], {
      deadlineSeconds: 10,
    });
    expect(timedOut).toBe(false);
    expect(durationMs).toBeLessThan(10_000);
    await before;
    for (const run of runs) run.stop();
    await Promise.all(runs.map((run) => run.ended));
  });

  test("is refused nothing while its sessions change hands all the time", async () => {
    const runs = await sevenRuns();
    for (const run of runs.slice(2)) run.stop();
    const all = await Promise.all([
      ...Array.from({ length: 60 }, (_, i) => host.exec(["echo", String(i)]).then(({ stdout }) => stdout)),
      ...Array.from({ length: 6 }, () => host.exchangeTimes(3).then(({ length }) => `${length} exchanges`)),
    ]);
    expect(all).toEqual([
      ...Array.from({ length: 60 }, (_, i) => `${i}\n`),
      ...Array.from({ length: 6 }, () => "3 exchanges"),
    ]);
    for (const run of runs) run.stop();
    await Promise.all(runs.map((run) => run.ended));
  });
});

describeLive("seven probes at once on one connection", ["root", "bpftrace", "sshd", "tracing"], () => {
  // Its own patience is shorter than the probes' time, which they would spend if they waited for each other.
  const patience = { timeout: 90_000 };

  test("each get through with what they execute meanwhile", patience, async () => {
    const sshd = await startSshd();
    const host = await connect(sshd.destination, sshd.options);
    try {
      const results = await Promise.all(
        Array.from({ length: 7 }, async (_, index) => {
          let said = "";
          const { provenance } = await dropSummary(host, {
            seconds: 100,
            by: ["reason"],
            during: async () => {
              said = (await host.exec(["echo", String(index)])).stdout;
            },
          });
          return { said, detached: provenance.details.detached, clocks: provenance.details.clocks };
        }),
      );
      expect(results.map(({ said }) => said)).toEqual(Array.from({ length: 7 }, (_, i) => `${i}\n`));
      for (const { detached, clocks } of results) {
        expect(detached).toBe("proved");
        expect(clocks).toMatchObject({ start: {}, end: {} });
      }
    } finally {
      await host.close();
      sshd.stop();
    }
  });
});
