import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Host,
  live,
  localhost,
  record,
  replay,
  SkbookError,
  socketSamples,
  transferReport,
} from "../../lib/index.js";
import { describeLive } from "../fixtures/needs.js";
import {
  buildSocketScene,
  receiverAddress,
  type SocketScene,
  senderAddress,
  startTransfer,
  type Transfer,
} from "./scene.js";
import { rowsOf } from "./text.js";

const port = 5_301;
const slow = { write: 20_000, writePauseMs: 20 };

describeLive("samples of sockets of a host", ["root", "namespaces"], () => {
  let scene: SocketScene;
  let transfer: Transfer;
  beforeAll(async () => {
    scene = await buildSocketScene("samples");
    transfer = await startTransfer(scene, port, slow);
  });
  afterAll(async () => {
    await transfer?.stop();
    await scene?.remove();
  });
  const options = () => ({ everyMs: 100, seconds: 0.5, netns: scene.sender });

  test("each sample is at its time, with the counters of both versions, and nothing stays behind", async () => {
    const samples = await socketSamples(localhost(), { ...options(), dst: receiverAddress, port });
    const rows = await rowsOf(samples);
    expect(new Set(rows.map((row) => row.flow)).size).toBe(1);
    expect(rows[0]).toMatchObject({
      src: senderAddress,
      dst: receiverAddress,
      dst_port: port,
      state: "ESTAB",
      congestion_control: "reno",
    });
    expect(rows[0]?.snd_wnd_bytes).toBeGreaterThan(0);
    const acked = rows.map((row) => Number(row.bytes_acked));
    expect([...acked].sort((a, b) => a - b)).toEqual(acked);
    expect(Number(acked.at(-1))).toBeGreaterThan(Number(acked[0]));
    const { provenance } = samples;
    expect(provenance).toMatchObject({ source: "socketSamples", truncated: false, partial: false });
    expect(Number(provenance.lost) + rows.length).toBe(6);
    const { settings } = provenance.details as { settings: Record<string, string> };
    expect(settings["net/ipv4/tcp_rmem"]).toMatch(/^\d+ \d+ \d+$/);
    expect(settings["net/ipv4/tcp_congestion_control"]).toBe("reno");
    expect(
      execFileSync("sh", ["-c", "ps -eo args | grep -c '[s]kbook-sample' || true"], {
        encoding: "utf8",
      }).trim(),
    ).toBe("0");
  });

  test("the same options fit both ends: an address is of either, and what matches nothing has no rows", async () => {
    const rows = async (asked: object) =>
      (await socketSamples(localhost(), { ...options(), ...asked })).count();
    expect(await rows({ src: senderAddress, dst: receiverAddress })).toBeGreaterThan(0);
    expect(await rows({ src: "192.0.2.0/30", dst: senderAddress, netns: scene.receiver })).toBeGreaterThan(0);
    expect(await rows({ port: [9, port], netns: scene.receiver })).toBeGreaterThan(0);
    expect(await rows({ dst: "198.51.100.1" })).toBe(0);
    expect(await rows({ dst: "2001:db8::1", port: 9 })).toBe(0);
  });

  test("ends with what it accompanies, or at its limit of rows, and says so", async () => {
    let done = false;
    const during = async () => {
      done = true;
    };
    const short = await socketSamples(localhost(), { ...options(), port, seconds: 600, during });
    expect(done).toBe(true);
    expect(await short.count()).toBeGreaterThan(0);
    expect(short.provenance).toMatchObject({ partial: false, truncated: false });
    const cut = await socketSamples(localhost(), { ...options(), port, seconds: 600, maxRows: 2 });
    expect(await cut.count()).toBe(2);
    expect(cut.provenance).toMatchObject({ truncated: true, partial: false });
    const failing = () => Promise.reject(new Error("no"));
    await expect(socketSamples(localhost(), { ...options(), during: failing })).rejects.toMatchObject({
      code: "DURING_FAILED",
    });
  });

  test("a sampler that is cut off keeps its rows, and is partial", async () => {
    const host = localhost();
    const stoppable = new Proxy(host, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target);
        if (name !== "start") return typeof value === "function" ? value.bind(target) : value;
        return (...args: Parameters<Host["start"]>) => {
          const execution = target.start(...args);
          setTimeout(() => execution.stop(), 1_500);
          return execution;
        };
      },
    });
    // Also where something runs beside it, that doesn't end it.
    const during = () => sleep(3_000);
    for (const beside of [{}, { during }]) {
      const samples = await socketSamples(stoppable, { ...options(), port, seconds: 60, ...beside });
      expect(await samples.count()).toBeGreaterThan(0);
      expect(samples.provenance.partial).toBe(true);
      expect(samples.provenance.notes.join()).toMatch(/^Sampling ended early, after \d+ of 601 samples/);
    }
  });

  test("a replay has the same rows, without the host", async () => {
    const folder = join(mkdtempSync(join(tmpdir(), "skbook-case-")), "case");
    await record(folder);
    const recorded = await socketSamples(localhost(), { ...options(), port });
    await replay(folder);
    try {
      const again = await socketSamples(localhost(), { ...options(), port });
      expect(await rowsOf(again)).toEqual(await rowsOf(recorded));
      expect(again.provenance).toEqual(recorded.provenance);
      await expect(socketSamples(localhost(), { port: 9 })).rejects.toMatchObject({ code: "NOT_RECORDED" });
    } finally {
      live();
    }
  });

  test("samples that can't be taken in time are counted as lost, not shifted", async () => {
    const folder = mkdtempSync(join(tmpdir(), "skbook-ss-"));
    const real = execFileSync("sh", ["-c", "command -v ss"], { encoding: "utf8" }).trim();
    writeFileSync(join(folder, "ss"), `#!/bin/sh\n[ "$1" = -V ] || sleep 0.25\nexec ${real} "$@"\n`);
    chmodSync(join(folder, "ss"), 0o755);
    const { PATH } = process.env;
    process.env.PATH = `${folder}:${PATH}`;
    try {
      const samples = await socketSamples(localhost(), { ...options(), port, seconds: 2 });
      const numbers = (await rowsOf(samples)).map((row) => Number(row.sample));
      expect(samples.provenance.lost).toBe(21 - numbers.length);
      expect(numbers.length).toBeLessThan(10);
      expect(samples.provenance.notes.join()).toMatch(
        /^\d+ of 21 samples are not there: .* ask for fewer sockets/,
      );
    } finally {
      process.env.PATH = PATH;
    }
  });

  test("transferReport puts both ends together: a verdict, what to do next, and figures", async () => {
    const asked = {
      dst: receiverAddress,
      port,
      everyMs: 100,
      probes: false,
      captures: false,
      netns: { sender: scene.sender, receiver: scene.receiver },
    };
    const report = await transferReport(localhost(), localhost(), {
      ...asked,
      seconds: 1.5,
      bandwidth: "10 Gbit/s",
    });
    expect(report.verdict).toMatch(
      /^192\.0\.2\.1:\d+ → 192\.0\.2\.2:5301: at .* its sending application gave nothing more to send$/,
    );
    expect(report.pipeline.primary).toBe("sender: application");
    expect([report.notes, report.evidence, report.seen.wire]).toEqual([[], [], null]);
    expect((await rowsOf(report.next))[0]).toMatchObject({ rank: 1, side: "sender", point: "application" });
    expect((await rowsOf(report.receiver.connections))[0]).toMatchObject({ role: "receiver" });
    for (const figure of Object.values(report.figures)) expect(await figure.svg()).toMatch(/^<svg/);
    const names = report.figures.limits.data.map(({ name }) => name);
    expect(names).toContain("application");
    const done: string[] = [];
    const short = {
      ...asked,
      seconds: 600,
      during: () => new Promise<void>((over) => setTimeout(over, 700)).then(() => done.push("over")),
    };
    expect((await transferReport(localhost(), localhost(), short)).pipeline.limit).toBe("application");
    expect(done).toEqual(["over"]);
    await expect(
      transferReport(localhost(), localhost(), { ...asked, seconds: 1, port: 9 }),
    ).rejects.toMatchObject({ code: "BAD_PARAMETER" });
    // The other end, which could go on for long, is not waited for.
    for (const netns of [
      { sender: "no-such-namespace", receiver: scene.receiver },
      { sender: scene.sender, receiver: "no-such-namespace" },
    ])
      await expect(
        transferReport(localhost(), localhost(), { ...asked, netns, seconds: 3_600 }),
      ).rejects.toMatchObject({ code: "SAMPLING_FAILED" });
    await expect(transferReport(localhost(), localhost(), { seconds: 0 })).rejects.toMatchObject({
      code: "BAD_PARAMETER",
    });
  });

  test("what can't look on is a note of transferReport, and the rest of it stands", async () => {
    // Its tools are hidden from the probes.
    const host = new Proxy(localhost(), {
      get: (target, name) => {
        if (name === "name") return "without-probes";
        if (name === "kernel") return () => Promise.reject(new SkbookError(missing));
        const value = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const missing = { code: "TRACEFS_MISSING", tried: "look", failed: "no tracefs", todo: "mount it" };
    const netns = { sender: scene.sender, receiver: scene.receiver };
    const report = await transferReport(host, host, {
      ...{ dst: receiverAddress, port, everyMs: 100, seconds: 1.5, netns },
    });
    expect(report.pipeline.limit).toBe("application");
    expect(report.seen).toMatchObject({ retransmissions: null, flight: null, unread: null });
    // Captures are of the namespaces.
    for (const seen of [report.seen.captures.sender, report.seen.captures.receiver])
      expect(seen?.facts.packets).toBeGreaterThan(0);
    expect(report.seen.wire).not.toBeNull();
    expect(report.notes).toHaveLength(3);
  });

  test("errors say what to do", async () => {
    const refused = (asked: object) => expect(socketSamples(localhost(), asked)).rejects;
    await refused({ netns: "not-there" }).toMatchObject({
      code: "SAMPLING_FAILED",
      todo: /netns has to be a name/,
    });
    for (const wrong of [
      { dst: "not an address" },
      { netns: "a/b" },
      { everyMs: 10 },
      { port: 0 },
      { dst: "192.0.2.1 or 1" },
    ]) {
      await refused(wrong).toMatchObject({ code: "BAD_PARAMETER" });
    }
  });
});
