import { chmodSync, readlinkSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { baseOf } from "../../lib/captures/base/index.js";
import { openCapture, packets } from "../../lib/captures/index.js";
import { scratchFolder, sql } from "../../lib/tables/index.js";
import { generateCapture } from "../bench/generate-capture.js";
import { someOf } from "../fixtures/sweep.js";
import { corpus, expected } from "./corpus.js";

let folder: string;
let file: string;
let cache: string;
const { PATH, XDG_CACHE_HOME } = process.env;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skbook-test-"));
  file = join(folder, "some.pcap");
  generateCapture(file, 200_000);
});
beforeEach(async () => {
  process.env.XDG_CACHE_HOME = await mkdtemp(join(folder, "home-"));
  cache = join(process.env.XDG_CACHE_HOME, "skbook", "packets");
});
afterEach(() => {
  process.env.PATH = PATH;
  process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
  delete process.env.SKBOOK_CACHE_BYTES;
});
afterAll(() => rm(folder, { recursive: true }));

const rows = async (): Promise<unknown> => (await (await packets(await openCapture(file))).toFrame()).values;

/** From here on, tshark says its version and nothing else. */
async function breakTshark(): Promise<void> {
  const bin = await mkdtemp(join(folder, "bin-"));
  for (const name of await readdir("/usr/bin")) {
    if (name !== "tshark") await symlink(join("/usr/bin", name), join(bin, name));
  }
  writeFileSync(
    join(bin, "tshark"),
    '#!/bin/sh\n[ "$1" = --version ] && exec /usr/bin/tshark --version\nexit 99\n',
  );
  chmodSync(join(bin, "tshark"), 0o755);
  process.env.PATH = bin;
}

describe("packet Tables that were kept", () => {
  it("answer without tshark while the file is the same, and are the user's only", async () => {
    const first = await rows();
    const [entry = ""] = await readdir(cache);
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    expect(statSync(join(cache, entry)).mode & 0o777).toBe(0o700);
    await breakTshark();
    expect(await rows()).toEqual(first);
    const later = new Date(Date.now() + 5_000);
    utimesSync(file, later, later);
    await expect(packets(await openCapture(file))).rejects.toMatchObject({ code: "TSHARK_FAILED" });
    expect(await readdir(cache)).toEqual([entry]);
    expect(await readdir(scratchFolder())).toEqual([]);
  });

  it("are made again when they were cut short, and what a killed process left is removed", async () => {
    const first = await rows();
    const [entry = ""] = await readdir(cache);
    truncateSync(join(cache, entry, "part-0000.parquet"), 1_000);
    const namespace = readlinkSync("/proc/self/ns/pid").replace(/\D/g, "");
    await mkdir(join(cache, `partial-${namespace}-999999999-left`));
    expect(await rows()).toEqual(first);
    expect(await readdir(cache)).toEqual([entry]);
    expect(statSync(join(cache, entry, "part-0000.parquet")).size).toBeGreaterThan(1_000);
  });

  it("give way to newer ones above the bound, and answer on where they are in use", async () => {
    const used = await packets(await openCapture(file));
    const [entry = ""] = await readdir(cache);
    process.env.SKBOOK_CACHE_BYTES = "1000";
    await packets(await openCapture(file), { filter: "tcp.len > 0" });
    const kept = await readdir(cache);
    expect(kept.length).toBe(1);
    expect(kept).not.toContain(entry);
    expect(await used.count()).toBe((await openCapture(file)).facts.packets);
  });

  it("are not made where the bound is zero or nothing can be written, and packets() works all the same", async () => {
    process.env.SKBOOK_CACHE_BYTES = "0";
    await rows();
    expect(await readdir(process.env.XDG_CACHE_HOME as string)).toEqual([]);
    delete process.env.SKBOOK_CACHE_BYTES;
    writeFileSync(join(process.env.XDG_CACHE_HOME as string, "skbook"), "a file is in the way");
    expect(await rows()).toHaveLength((await openCapture(file)).facts.packets);
  });
});

describe.skipIf(corpus === undefined)("what is kept beside the packets", () => {
  const readable = expected().filter(({ rc, frames }) => rc === 0 || frames !== 0);
  const files = someOf("known captures beside what is kept", readable, 15);

  it("has a row for each packet, in their order: analyses join the two by place", async () => {
    for (const { file } of files) {
      const table = await packets(await openCapture(join(corpus as string, file)));
      const { sides } = baseOf(table);
      const joined =
        "SELECT count(*) FROM (FROM packets POSITIONAL JOIN (SELECT frame AS side FROM sides)) WHERE frame IS DISTINCT FROM side";
      expect((await sql(joined, { packets: table, sides })).values, file).toEqual([[0]]);
    }
  });
});
