import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect, dropEvents, type ProbeError } from "../../lib/index.js";
import { startFlakyProxy } from "../fixtures/flaky-proxy.js";
import { describeLive } from "../fixtures/needs.js";
import { eventually, processesWith } from "../fixtures/processes.js";
import { type Sshd, startSshd } from "../fixtures/sshd.js";

describeLive("a probe leaves nothing behind", ["root", "bpftrace", "sshd", "tracing"], () => {
  let sshd: Sshd;
  let folder: string;
  beforeAll(async () => {
    sshd = await startSshd();
    folder = mkdtempSync(join(tmpdir(), "skbook-leaves-"));
  });
  afterAll(() => {
    sshd?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A filter that no other test uses, so that its bpftrace can be told from others. */
  let port = 20_000 + (process.pid % 20_000);
  function ask() {
    port += 1;
    const mark = `$dport == ${port}`;
    return { parameters: { seconds: 60, dstPort: port }, running: () => processesWith(mark, "bpftrace ") };
  }
  // Patient with what a busy machine takes to attach, not with what stays.
  const attached = (running: () => number[]) => eventually(90, () => running().length > 0);
  const gone = (running: () => number[]) => eventually(5, () => running().length === 0);

  test("when the connection is cut; what had arrived is kept", async () => {
    const proxy = await startFlakyProxy(sshd);
    const host = await connect(proxy.destination, proxy.options);
    const { parameters, running } = ask();
    const call = dropEvents(host, { ...parameters, during: () => proxy.cut() });
    const error: ProbeError = await call.then(
      () => expect.fail("it has to fail"),
      (thrown) => thrown,
    );
    expect(error).toMatchObject({ code: "CONNECTION_LOST" });
    expect(error.partial?.provenance).toMatchObject({ partial: true, lost: "unknown" });
    expect(await gone(running)).toBe(true);
    proxy.close();
  });

  test("when the deadline passes, even if bpftrace hangs", async () => {
    const host = await connect(sshd.destination, sshd.options);
    const { parameters, running } = ask();
    const call = dropEvents(host, {
      ...parameters,
      seconds: 1,
      attachSeconds: 4,
      during: () => {
        for (const pid of running()) process.kill(pid, "SIGSTOP");
        return new Promise(() => {});
      },
    });
    await expect(call).rejects.toMatchObject({ code: "DEADLINE", details: { detached: "proved" } });
    expect(running()).toEqual([]);
    await host.close();
  });

  /** Runs a notebook of one cell that measures for 60 s, in a kernel of its own. */
  function startNotebook(parameters: object) {
    const source = `import { connect, dropEvents } from "skbook";
      const host = await connect(${JSON.stringify(sshd.destination)}, ${JSON.stringify(sshd.options)});
      await dropEvents(host, ${JSON.stringify(parameters)})`;
    const cell = { cell_type: "code", id: "probe", metadata: {}, execution_count: null, outputs: [], source };
    const notebook = { cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 };
    const path = join(folder, `notebook-${port}.ipynb`);
    writeFileSync(path, JSON.stringify(notebook));
    return execa(process.execPath, ["dist/kernel/main.js", "run", path, "-o", `${path}.out`], {
      reject: false,
    });
  }

  test("when the cell is interrupted", async () => {
    const { parameters, running } = ask();
    const notebook = startNotebook(parameters);
    expect(await attached(running)).toBe(true);
    notebook.kill("SIGINT");
    expect(await gone(running)).toBe(true);
    const { exitCode, stderr } = await notebook;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/interrupt/i);
  });

  test("when the kernel is killed", async () => {
    const { parameters, running } = ask();
    const before = processesWith("--connection-file");
    const notebook = startNotebook(parameters);
    expect(await attached(running)).toBe(true);
    const kernels = processesWith("--connection-file").filter((pid) => !before.includes(pid));
    expect(kernels.length).toBeGreaterThan(0);
    for (const pid of kernels) process.kill(pid, "SIGKILL");
    expect(await gone(running)).toBe(true);
    expect((await notebook).exitCode).toBe(1);
  });

  test("when skbook itself is killed", async () => {
    const { parameters, running } = ask();
    const before = processesWith("--connection-file");
    const notebook = startNotebook(parameters);
    expect(await attached(running)).toBe(true);
    notebook.kill("SIGKILL");
    await notebook;
    expect(await gone(running)).toBe(true);
    const left = () => processesWith("--connection-file").filter((pid) => !before.includes(pid));
    expect(await eventually(5, () => left().length === 0)).toBe(true);
  });
});
