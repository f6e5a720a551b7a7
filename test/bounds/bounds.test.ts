import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readZipped, unzipped } from "../../lib/hosts/bytes.js";
import { lines, wholeLines } from "../../lib/hosts/lines.js";
import { Account } from "../../lib/probes/engine/account.js";
import { isOverfull, parseRecord } from "../../lib/probes/engine/records.js";
import { openParquet, ParquetWriter } from "../../lib/tables/index.js";
import { provenance } from "../tables/provenance.js";

const mebibyte = 2 ** 20;

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text, "latin1");
}

async function read(bytes: AsyncIterable<Uint8Array>, maxBytes = mebibyte): Promise<string[]> {
  const all: string[] = [];
  for await (const some of lines(bytes, maxBytes, "read")) all.push(...some);
  return all;
}

describe("lines", () => {
  test.each([
    [["a\nb\n"], ["a", "b"]],
    [["a\nb"], ["a", "b"]],
    [
      ["a", "b", "c\n", "\n", "d"],
      ["abc", "", "d"],
    ],
    [
      ["a\nb", "c\nd", "\n"],
      ["a", "bc", "d"],
    ],
    [["\u00c3", "\u00a4\n"], ["ä"]],
    [[], []],
    [["\n"], [""]],
  ])("%j are %j", async (chunks, expected) => {
    expect(await read(pieces(...chunks))).toEqual(expected);
  });

  test("that have no end are refused, whatever pieces they come in", async () => {
    for (const size of [1, 100, 65_536]) {
      let given = 0;
      const endless = (async function* () {
        for (;;) {
          given += size;
          yield Buffer.alloc(size, 0x61);
        }
      })();
      await expect(read(endless, 100_000)).rejects.toMatchObject({ code: "LINE_TOO_LONG" });
      expect(given).toBeLessThanOrEqual(100_000 + size);
    }
    const behind = read(pieces("short\n", "x".repeat(60), "x".repeat(60)), 100);
    await expect(behind).rejects.toMatchObject({ code: "LINE_TOO_LONG" });
  });

  test("are passed on whole, with what is left at the end", async () => {
    const got: string[] = [];
    for await (const piece of wholeLines(pieces("a\nb", "c", "\nd"), 10, "read")) got.push(String(piece));
    expect(got).toEqual(["a\n", "bc\n", "d"]);
  });

  test("of many megabytes are looked at once", async () => {
    const chunk = Buffer.alloc(1_000, 0x61);
    const long = (async function* () {
      for (let sent = 0; sent < 30 * mebibyte; sent += chunk.length) yield chunk;
      yield Buffer.from("\n");
    })();
    // Looked at from its start with each piece, this would take an hour.
    const [line] = await read(long, 32 * mebibyte);
    expect(line?.length).toBeGreaterThan(30 * mebibyte);
  });
});

describe("what comes compressed", () => {
  const bomb = gzipSync(Buffer.alloc(64 * mebibyte));

  test("has a bound when it is unpacked", async () => {
    expect(bomb.length).toBeLessThan(mebibyte);
    expect(() => unzipped(bomb, 8 * mebibyte, "read")).toThrow(/OUTPUT_TOO_LARGE/);
    const reading = readZipped(pieces(bomb.toString("latin1")), 8 * mebibyte, "read");
    await expect(reading).rejects.toMatchObject({ code: "OUTPUT_TOO_LARGE" });
    expect(unzipped(gzipSync("said"), 100, "read").toString()).toBe("said");
  });

  test("and isn't what it says has a code", () => {
    const damaged = Buffer.concat([gzipSync("a".repeat(1_000)).subarray(0, 10), Buffer.alloc(100, 0xff)]);
    expect(() => unzipped(damaged, mebibyte, "read")).toThrow(/OUTPUT_DAMAGED/);
  });
});

describe("what a probe's program says", () => {
  test("stands for no more values than a map may have", () => {
    const bomb = `{"type": "map", "data": {"@x": [${"{},".repeat(3 * mebibyte)}{}]}}`;
    expect(isOverfull(bomb)).toBe(true);
    const keys = Array.from({ length: 65_536 }, (_, key) => `"2,17,${key},192.0.2.1,192.0.2.2,eth0": ${key}`);
    const full = `{"type": "map", "data": {"@counts": {${keys.join(", ")}}}}`;
    expect(isOverfull(full)).toBe(false);
    expect(parseRecord(full)).toMatchObject([{ type: "map", name: "@counts" }]);
  });

  test("names no more hooks than a probe may have", () => {
    const account = new Account({ hooks: ["tracepoint:skb:kfree_skb"], mapKeys: 10 });
    for (let hook = 0; hook < 100_000; hook += 1) {
      for (const record of parseRecord(`{"type": "printf", "data": "row:${hook}\\t1\\n"}`))
        account.note(record);
      for (const record of parseRecord(`{"type": "map", "data": {"@emitted_${hook}": 1}}`))
        account.note(record);
    }
    expect(account.hooks.length).toBeLessThanOrEqual(1_024);
    expect(account.unparsedLines).toBeGreaterThan(100_000);
    expect(account.unparsed.length).toBe(5);
  });

  test.each([
    ["tick", "x"],
    ["begin", "-1"],
    ["over", "1".repeat(30)],
    ["end", ""],
  ])("of its clock is a number: %s %s", (word, nsecs) => {
    const account = new Account({ hooks: [], mapKeys: 10 });
    const line = JSON.stringify({ type: "printf", data: `${word}\t${nsecs}\n` });
    for (const record of parseRecord(line)) expect(account.note(record)).toBe(true);
    expect(account).toMatchObject({
      begin: null,
      end: null,
      firstTick: null,
      ticked: false,
      unparsedLines: 1,
    });
  });
});

describe("files of Tables", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "skbook-held-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("take no more than some file descriptors, and stay whole when they are removed", async () => {
    const columns = [{ name: "n", type: "INTEGER" as const, meaning: "a number" }];
    const opened = () => readdirSync("/proc/self/fd").length;
    const before = opened();
    const tables = [];
    for (let index = 0; index < 100; index += 1) {
      const place = join(folder, "kept", String(index));
      mkdirSync(place, { recursive: true });
      const writer = await ParquetWriter.open(place, columns, "held");
      writer.appendColumns([[index]]);
      const paths = await writer.finish();
      for (let again = 0; again < 3; again += 1) await openParquet("held", paths, columns, provenance);
      tables.push(await openParquet("held", paths, columns, provenance));
      rmSync(place, { recursive: true });
    }
    expect(opened() - before).toBeLessThan(80);
    for (const [index, table] of tables.entries()) {
      const found = await table.query(`SELECT n FROM this WHERE n = ${index}`);
      expect(await found.count()).toBe(1);
    }
  });
});
