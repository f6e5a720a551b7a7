import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { openCapture, packets } from "../../lib/captures/index.js";
import { tsharkArguments } from "../../lib/captures/packets/tshark.js";
import { planShards, startShards } from "../../lib/captures/shards/index.js";
import { localhost } from "../../lib/hosts/index.js";
import { scratchFolder } from "../../lib/tables/index.js";
import { generateCapture } from "../bench/generate-capture.js";
import { describeLive } from "../fixtures/needs.js";
import { processesWith } from "../fixtures/processes.js";
import { printedForPackets } from "./printed.js";

const printed = await printedForPackets();
const names = printed.map(({ name }) => name);

describeLive("a disk without room", ["root", "tshark"], () => {
  const { TMPDIR } = process.env;
  let folder: string;
  let small: string;
  let path: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "skbook-test-"));
    path = join(folder, "many.pcap");
    generateCapture(path, 20_000_000);
    small = join(folder, "small");
    mkdirSync(small);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=128k", "skbook-test", small]);
    process.env.TMPDIR = small;
  });
  afterAll(() => {
    process.env.TMPDIR = TMPDIR;
    execFileSync("umount", ["-l", small]);
    rmSync(folder, { recursive: true });
  });

  it("ends what reads the parts of a capture, and begins no further one", async () => {
    const { facts } = await openCapture(path);
    expect(scratchFolder().startsWith(small)).toBe(true);
    const plan = await planShards(path, facts.packets, 9);
    if (plan === null) throw new Error("not split");
    const { bytes, ended } = startShards(plan, tsharkArguments(printed, ""), names);
    const read = async () => {
      for await (const _ of bytes);
    };
    const started = vi.spyOn(localhost(), "start");
    await expect(read()).rejects.toMatchObject({ code: "DISK_FULL" });
    await expect(ended).rejects.toMatchObject({ code: "DISK_FULL" });
    const parts = started.mock.calls.filter(([command]) => command.includes("feed")).length;
    started.mockRestore();
    expect(parts).toBe(Math.min(availableParallelism(), 4));
    expect(processesWith(path)).toEqual([]);
    expect(readdirSync(scratchFolder())).toEqual([]);
  });

  it("is what packets() says, without a stack of DuckDB", async () => {
    process.env.SKBOOK_CACHE_BYTES = "0";
    try {
      await expect(packets(await openCapture(path))).rejects.toMatchObject({ code: "DISK_FULL" });
    } finally {
      delete process.env.SKBOOK_CACHE_BYTES;
    }
    expect(processesWith(path)).toEqual([]);
    expect(readdirSync(scratchFolder())).toEqual([]);
  });
});
