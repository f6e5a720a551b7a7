import { execFileSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openCapture } from "../../lib/captures/index.js";
import { tsharkArguments } from "../../lib/captures/packets/tshark.js";
import { planShards, startShards } from "../../lib/captures/shards/index.js";
import { localhost } from "../../lib/hosts/index.js";
import { scratchFolder } from "../../lib/tables/index.js";
import { generateCapture } from "../bench/generate-capture.js";
import { ownFolder } from "../fixtures/own-folder.js";
import { someOf } from "../fixtures/sweep.js";
import { corpus, expected } from "./corpus.js";
import { printedForPackets } from "./printed.js";

const printed = await printedForPackets();
const names = printed.map(({ name }) => name);

const folder = ownFolder();

const args = tsharkArguments(printed, "");

async function joined(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Compares the lines of several tsharks with those of one; says into how many parts the file went. */
async function compare(path: string, count: number): Promise<number> {
  const { facts } = await openCapture(path);
  const plan = await planShards(path, facts.packets, count);
  if (plan === null) return 1;
  let spooled = 0;
  const { bytes, ended } = startShards(plan, args, names, (packets) => {
    spooled += packets;
  });
  const several = await joined(bytes);
  expect(await ended).toMatchObject({ exitCode: 0, canceled: false });
  expect(plan.sizes.reduce((sum, size) => sum + size, 0)).toBe(facts.packets);
  const waiting = plan.sizes.slice(0, -Math.min(availableParallelism(), 2));
  expect(spooled).toBe(waiting.reduce((sum, size) => sum + size, 0));
  const environment = ["env", "WIRESHARK_CONFIG_DIR=/nonexistent/skbook", "TZ=UTC"];
  const one = await joined(localhost().start([...environment, "tshark", "-r", path, ...args]));
  expect(several.equals(one)).toBe(true);
  return plan.sizes.filter((size) => size > 0).length;
}

describe("shards", () => {
  it("print, put together, what one tshark prints of many connections, also as pcapng and from kept lines", async () => {
    const path = join(folder, "many.pcap");
    generateCapture(path, 5_000_000);
    expect(await compare(path, 2)).toBe(2);
    expect(await compare(path, 7)).toBe(7);
    const pcapng = join(folder, "many.pcapng");
    execFileSync("editcap", ["-F", "pcapng", "-a", "7:a comment", path, pcapng]);
    expect(await compare(pcapng, 3)).toBe(3);
    expect(await readdir(scratchFolder())).toEqual([]);
  });

  it("end when the reading ends, and leave nothing", async () => {
    const path = join(folder, "left.pcap");
    generateCapture(path, 20_000_000);
    const { facts } = await openCapture(path);
    const plan = await planShards(path, facts.packets, 2);
    if (plan === null) throw new Error("not split");
    const { bytes, ended } = startShards(plan, args, names);
    for await (const _ of bytes) break;
    await ended;
    const running = execFileSync("sh", [
      "-c",
      'ps -eo args | grep -F "$1" | grep -v grep || true',
      "sh",
      path,
    ]);
    expect(String(running)).toBe("");
    expect(await readdir(scratchFolder())).toEqual([]);
  });
});

describe.skipIf(corpus === undefined)("shards of known captures", () => {
  const all = expected().filter(({ frames }) => Number(frames) > 0);
  const readable = someOf("known captures in shards", all, 15);

  it.each(readable)("$file: the same lines, or one tshark", async ({ file }) => {
    expect(await compare(join(corpus as string, file), 2)).toBeGreaterThan(0);
  });
});
