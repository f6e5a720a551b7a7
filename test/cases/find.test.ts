import { chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { live, openCase, replay, replayOrMeasure, verifyCase } from "../../lib/cases/index.js";

const recorded = join(process.cwd(), "datasets/own-probe");

describe("a case that a cell names", () => {
  let folder: string;
  const at = (...names: string[]) => join(folder, ...names);
  const start = process.cwd();

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "skbook-find-")));
    mkdirSync(at("notebooks"));
    mkdirSync(at("shell"));
    process.chdir(at("notebooks"));
    vi.stubEnv("SKBOOK_STARTED_IN", at("shell"));
  });
  afterEach(() => {
    live();
    process.chdir(start);
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  const copyTo = (...names: string[]) => cpSync(recorded, at(...names), { recursive: true });
  const opened = async () => (await openCase())?.path;

  test("is looked for beside the notebook, then from the shell's folder, then among skbook's own by name", async () => {
    await replay("own-probe");
    expect(await opened()).toBe(recorded);
    copyTo("shell", "own-probe");
    await replay("own-probe");
    expect(await opened()).toBe(at("shell/own-probe"));
    copyTo("notebooks", "own-probe");
    await replay("own-probe");
    expect(await opened()).toBe(at("notebooks/own-probe"));
    expect(await verifyCase("own-probe")).toMatchObject({ path: at("notebooks/own-probe"), intact: true });
  });

  test("is no name of a path among skbook's own", async () => {
    await expect(replay("../datasets/own-probe")).rejects.toMatchObject({ code: "NOT_A_CASE" });
  });

  test("that is nowhere is an error with the absolute paths that were tried", async () => {
    await expect(replay("cases/monday")).rejects.toThrow(
      `there is no case.json in ${at("notebooks/cases/monday")}, nor in ${at("shell/cases/monday")}`,
    );
    await expect(replay("monday")).rejects.toThrow(`nor in ${join(start, "datasets/monday")}`);
    await expect(replay(at("gone"))).rejects.toThrow(`there is no case.json in ${at("gone")}`);
  });

  test.runIf(process.getuid?.() === 0)("that is somebody else's only is not said to be missing", async () => {
    copyTo("notebooks", "monday");
    chmodSync(at("notebooks/monday"), 0o700);
    chmodSync(folder, 0o755);
    process.seteuid?.(65_534);
    try {
      await expect(replay("monday")).rejects.toMatchObject({
        code: "NOT_A_CASE",
        failed: expect.stringMatching(/can't be looked into: .*permission denied/),
      });
    } finally {
      process.seteuid?.(0);
    }
  });

  test("of a sample gives way to what the run was started with", async () => {
    await replayOrMeasure("own-probe");
    expect(await opened()).toBe(recorded);
    await replayOrMeasure("");
    expect(await openCase()).toBeNull();
    vi.stubEnv("SKBOOK_RECORD", at("recorded"));
    await replayOrMeasure("own-probe");
    expect(await openCase()).toBeNull();
  });
});
