import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pLimit from "p-limit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCapture, packets } from "../../lib/captures/index.js";
import { SkbookError } from "../../lib/errors/index.js";
import { scratchFolder } from "../../lib/tables/index.js";
import { generateCapture } from "../bench/generate-capture.js";
import { sweep } from "../fixtures/sweep.js";
import { corpus } from "./corpus.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skbook-damage-"));
});
afterAll(() => rm(folder, { recursive: true }));

const cuts = sweep("captures cut anywhere", 100, 20);
const flipped = sweep("captures with bytes flipped", 500, 60);

/** Numbers from 0 to before `below`, the same in every run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Packets that lie whole in the first bytes of a pcap file of this machine's byte order. */
function wholePackets(bytes: Buffer): number {
  let packets = 0;
  for (let at = 24; at + 16 <= bytes.length; packets += 1) {
    at += 16 + bytes.readUInt32LE(at + 8);
    if (at > bytes.length) break;
  }
  return packets;
}

/** Reads a file of these bytes; says how many packets it gave, or the code of the error. Nothing but the file may be there after. */
async function readDamaged(name: string, bytes: Buffer): Promise<number | string> {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  try {
    const capture = await openCapture(path);
    const table = await packets(capture);
    const rows = await table.count();
    // tshark makes rows of blocks of pcapng that capinfos doesn't count.
    if (!table.provenance.partial) expect(rows).toBeGreaterThanOrEqual(capture.facts.packets);
    return rows;
  } catch (error) {
    if (error instanceof SkbookError) return error.code;
    throw error;
  } finally {
    expect(readFileSync(path).equals(bytes)).toBe(true);
    await rm(path);
  }
}

async function nothingLeft(): Promise<void> {
  const running = execFileSync("sh", [
    "-c",
    'ps -eo args | grep -F "$1" | grep -v grep || true',
    "sh",
    folder,
  ]);
  expect(String(running)).toBe("");
  expect(await readdir(folder)).toEqual([]);
  expect(await readdir(scratchFolder())).toEqual([]);
}

describe("damaged captures", () => {
  it.each([
    ["five letters", Buffer.from("hello")],
    ["a picture", Buffer.from("\x89PNG\r\n\x1a\n0000", "latin1")],
    ["JSON", Buffer.from('{"a":1}')],
    ["a certificate", Buffer.from("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")],
    ["a program", readFileSync(process.execPath).subarray(0, 4_096)],
  ])("%s, which Wireshark reads as one packet, is none", async (name, bytes) => {
    const path = join(folder, `${name}.pcap`);
    writeFileSync(path, bytes);
    await expect(openCapture(path)).rejects.toMatchObject({ code: "NOT_A_CAPTURE" });
    await rm(path);
  });

  it(`give what was whole before the cut, for ${cuts} cuts anywhere`, async () => {
    const path = join(folder, "whole.pcap");
    generateCapture(path, 60_000);
    const whole = readFileSync(path);
    await rm(path);
    const random = randomNumbers(1);
    const limit = pLimit(4);
    const lengths = Array.from({ length: cuts }, () => random(whole.length));
    await Promise.all(
      lengths.map((length) =>
        limit(async () => {
          const bytes = whole.subarray(0, length);
          const found = await readDamaged(`cut-${length}.pcap`, bytes);
          if (length === 0 || length >= 24) expect([length, found]).toEqual([length, wholePackets(bytes)]);
          else expect([length, found]).toEqual([length, "NOT_A_CAPTURE"]);
        }),
      ),
    );
    await nothingLeft();
  }, 600_000);

  it("give what was before a record whose length is nonsense, as pcap and as pcapng", async () => {
    const path = join(folder, "some.pcap");
    generateCapture(path, 60_000);
    const pcapng = join(folder, "some.pcapng");
    execFileSync("editcap", ["-F", "pcapng", path, pcapng]);
    const bytes = readFileSync(path);
    const blocks = readFileSync(pcapng);
    await rm(path);
    await rm(pcapng);
    let at = 24;
    for (let packets = 0; packets < 20; packets++) at += 16 + bytes.readUInt32LE(at + 8);
    bytes.writeUInt32LE(0x90000000, at + 8);
    expect(await readDamaged("length.pcap", bytes)).toBe(20);
    at = 0;
    for (let packets = 0; packets < 20 || blocks.readUInt32LE(at) !== 6; at += blocks.readUInt32LE(at + 4))
      if (blocks.readUInt32LE(at) === 6) packets += 1;
    blocks.writeUInt32LE(0x90000000, at + 4);
    expect(await readDamaged("length.pcapng", blocks)).toBe(20);
    await nothingLeft();
  });

  it.skipIf(corpus === undefined)(
    `give rows or a clear error for ${flipped} files with bytes flipped`,
    async () => {
      const small = readdirSync(corpus as string)
        .filter((name) => /pcap/.test(name) && statSync(join(corpus as string, name)).size < 30_000)
        .sort();
      const random = randomNumbers(2);
      const limit = pLimit(4);
      const outcomes = new Map<string, number>();
      const jobs = Array.from({ length: flipped }, (_, number) => {
        const name = small[number % small.length] as string;
        const bytes = readFileSync(join(corpus as string, name));
        for (let flips = 1 + random(20); flips > 0; flips--) {
          const at = bytes.length === 0 ? 0 : random(bytes.length);
          if (bytes.length > 0) bytes[at] = (bytes[at] as number) ^ (1 + random(255));
        }
        return limit(async () => {
          const found = await readDamaged(`${number}-${name}`, bytes);
          const kind = typeof found === "string" ? found : "rows";
          outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
        });
      });
      await Promise.all(jobs);
      const refused = ["NOT_A_CAPTURE", "LINK_TYPE_UNKNOWN"];
      expect([...outcomes.keys()].filter((kind) => kind !== "rows" && !refused.includes(kind))).toEqual([]);
      expect(outcomes.get("rows")).toBeGreaterThan(flipped / 2);
      await nothingLeft();
    },
    900_000,
  );

  it("are told apart from what is no file, or may not be read", async () => {
    expect(await readDamaged("empty.pcap", Buffer.alloc(0))).toBe(0);
    await mkdir(join(folder, "sub"));
    execFileSync("mkfifo", [join(folder, "pipe")]);
    await expect(openCapture(join(folder, "sub"))).rejects.toMatchObject({ code: "NOT_A_FILE" });
    await expect(openCapture(join(folder, "pipe"))).rejects.toMatchObject({ code: "NOT_A_FILE" });
    await rm(join(folder, "sub"), { recursive: true });
    await rm(join(folder, "pipe"));
    if (process.getuid?.() === 0) {
      // Root may read everything; another user has to try.
      expect(await asNobody(join(folder, "secret.pcap"))).toBe("NO_PERMISSION");
    } else {
      writeFileSync(join(folder, "secret.pcap"), "", { mode: 0 });
      await expect(openCapture(join(folder, "secret.pcap"))).rejects.toMatchObject({ code: "NO_PERMISSION" });
      await rm(join(folder, "secret.pcap"));
    }
    await nothingLeft();
  });
});

/** Opens a file that only its owner may read in this process, as a user who is not its owner. */
async function asNobody(path: string): Promise<string> {
  writeFileSync(path, "", { mode: 0o600 });
  chmodSync(folder, 0o755);
  process.seteuid?.(65_534);
  try {
    return await openCapture(path).then(
      () => "opened",
      (error) => error.code,
    );
  } finally {
    process.seteuid?.(0);
    await rm(path);
  }
}
