import { createHash } from "node:crypto";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import {
  capture,
  connect,
  dropEvents,
  dropSummary,
  type Frame,
  hostFacts,
  live,
  replay,
  SkbookError,
  verifyCase,
} from "../../lib/index.js";
import { type Entry, entriesOf, writeCase } from "../fixtures/made-case.js";
import { type Random, randomNumbers } from "../fixtures/random.js";
import { sweep } from "../fixtures/sweep.js";

const recorded = new URL("../../datasets/first-look", import.meta.url).pathname;
const target = "root@203.0.113.202";
const maxBytes = 500 * 2 ** 20;

/** What the case answers, as the notebook asks it. */
const questions: (() => Promise<unknown>)[] = [
  async () => rows(await hostFacts(await connect(target))),
  async () => rows(await dropSummary(await connect(target), { seconds: 10, src: "203.0.113.0/25" })),
  async () => {
    const host = await connect(target);
    const events = await dropEvents(host, {
      seconds: 14,
      reason: "QDISC_DROP",
      stacks: true,
      during: async () => (await captured()).provenance,
    });
    return rows(await events.toFrame());
  },
  async () => (await captured()).facts,
];

async function captured() {
  const host = await connect(target);
  return capture(host, { device: "uplink0", filter: "host 198.51.100.20 and tcp port 8080", seconds: 10 });
}

function rows(frame: Frame): unknown {
  return frame.values;
}

test("a changed case gives the recorded answer or an error with a code, in bounded memory, and leaves its surroundings alone", async () => {
  const count = sweep("changed cases", 2_000, 60);
  const root = mkdtempSync(join(tmpdir(), "skbook-fuzz-"));
  const outside = join(root, "outside");
  writeFileSync(outside, "keep\n");
  const before = process.resourceUsage().maxRSS;
  const seen = new Map<string, number>();
  try {
    await replay(recorded);
    const answers = [];
    for (const ask of questions) answers.push(text(await ask()));
    for (let seed = 1; seed <= count; seed += 1) {
      const random = randomNumbers(seed);
      const folder = join(root, "case");
      cpSync(recorded, folder, { recursive: true });
      // Of a case whose hashes fit, another answer is that of another case.
      const hashed = changeCase(folder, random);
      const which = Math.floor(random() * questions.length);
      const outcome = await outcomeOf(folder, questions[which] as () => Promise<unknown>);
      const answered = outcome.startsWith("answer ");
      if (answered && !hashed) expect(outcome.slice(7), `seed ${seed}`).toBe(answers[which]);
      expect(answered || /^[A-Z_]+$/.test(outcome), `seed ${seed}: ${outcome}`).toBe(true);
      seen.set(answered ? "answered" : outcome, (seen.get(answered ? "answered" : outcome) ?? 0) + 1);
      expect(readdirSync(root).sort()).toEqual(["case", "outside"]);
      expect(readFileSync(outside, "utf8")).toBe("keep\n");
      rmSync(folder, { recursive: true, force: true });
    }
  } finally {
    live();
    rmSync(root, { recursive: true, force: true });
  }
  console.info(`changed cases: ${[...seen].map(([outcome, times]) => `${times} ${outcome}`).join(", ")}`);
  expect((process.resourceUsage().maxRSS - before) * 1_024).toBeLessThan(maxBytes);
}, 3_600_000);

async function outcomeOf(folder: string, ask: () => Promise<unknown>): Promise<string> {
  const verified = await coded(() => verifyCase(folder));
  if (!verified.startsWith("answer ") && !/^[A-Z_]+$/.test(verified)) return verified;
  return coded(async () => {
    await replay(folder);
    return ask();
  });
}

async function coded(work: () => Promise<unknown>): Promise<string> {
  try {
    return `answer ${text(await work())}`;
  } catch (error) {
    return error instanceof SkbookError ? error.code : `raw ${(error as Error).stack}`;
  }
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, member) => (typeof member === "bigint" ? `${member}n` : member));
}

/** Changes a case in one of many ways; true where its hashes fit afterwards. */
function changeCase(folder: string, random: Random): boolean {
  const ways = [changeFile, changeFolder, changeEntry, changeEntry, changeEntry, changePayload];
  return pick(ways, random)(folder, random);
}

/** Bytes of any file, without new hashes. */
function changeFile(folder: string, random: Random): boolean {
  const path = pick(filesOf(folder), random);
  const bytes = readFileSync(path);
  const at = Math.floor(random() * bytes.length);
  const change = pick(["flip", "cut", "insert", "append", "empty", "long"], random);
  if (change === "flip") bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
  if (change === "flip") writeFileSync(path, bytes);
  if (change === "cut") truncateSync(path, at);
  if (change === "insert")
    writeFileSync(path, Buffer.concat([bytes.subarray(0, at), Buffer.from("\n"), bytes.subarray(at)]));
  if (change === "append") appendFileSync(path, noise(random));
  if (change === "empty") truncateSync(path, 0);
  if (change === "long") truncateSync(path, 2 ** 36);
  return false;
}

/** What lies where a file should. */
function changeFolder(folder: string, random: Random): boolean {
  const path = pick([...filesOf(folder), join(folder, "recordings")], random);
  rmSync(path, { recursive: true });
  const links = ["/dev/zero", "../outside", "../../outside", "/", path, "/proc/self/environ"];
  const change = pick(["gone", "folder", "link"], random);
  if (change === "folder") mkdirSync(path);
  if (change === "link") symlinkSync(pick(links, random), path);
  return false;
}

/** An entry, with new hashes for the journal. */
function changeEntry(folder: string, random: Random): boolean {
  const entries = entriesOf(folder);
  const index = Math.floor(random() * entries.length);
  const entry = entries[index] as Entry;
  const change = pick(["value", "value", "value", "twice", "gone", "swapped"], random);
  if (change === "value") entries[index] = changed(entry, random) as Entry;
  if (change === "twice") entries.push(entry);
  if (change === "gone") entries.splice(index, 1);
  if (change === "swapped") entries.push(...entries.splice(index, 1));
  writeCase(folder, entries);
  return true;
}

/** The bytes of a recording, with new hashes for it and the journal. */
function changePayload(folder: string, random: Random): boolean {
  const entries = entriesOf(folder);
  const { payload } = pick(
    entries.filter((entry) => entry.payload !== null && entry.payload.bytes < 1_000_000),
    random,
  );
  if (payload === null) return false;
  const path = join(folder, payload.path);
  const { bytes, length } = changedBytes(gunzipSync(readFileSync(path)), random);
  writeFileSync(path, bytes);
  payload.bytes = length;
  payload.sha256 = createHash("sha256").update(bytes).digest("hex");
  writeCase(folder, entries);
  return true;
}

function changedBytes(bytes: Buffer, random: Random): { bytes: Buffer; length: number } {
  const at = Math.floor(random() * bytes.length);
  const words = [
    noise(random),
    Buffer.from("{"),
    Buffer.from("-1"),
    Buffer.from("null"),
    Buffer.from("\n"),
    Buffer.alloc(1_000_000, 65),
  ];
  const length = Math.floor(random() * 40);
  const made = Buffer.concat([bytes.subarray(0, at), pick(words, random), bytes.subarray(at + length)]);
  switch (pick(["changed", "changed", "changed", "none", "cut", "bomb"], random)) {
    case "none":
      return { bytes: made, length: made.length };
    case "cut":
      return { bytes: gzipSync(made).subarray(0, -9), length: made.length };
    case "bomb":
      return { bytes: gzipSync(Buffer.alloc(2 ** 27)), length: 2 ** 27 };
    default:
      return { bytes: gzipSync(made), length: made.length };
  }
}

const oddValues: unknown[] = [
  ...[
    null,
    true,
    0,
    -1,
    0.5,
    1e308,
    2 ** 53,
    "",
    "../../outside",
    "\u0000\u001b]0;x\u0007",
    "__proto__",
    "NaN",
  ],
  ...[[], {}, [null], { length: 1e9 }, "x".repeat(100_000), "9".repeat(400)],
];

/** A value with something in it replaced, removed or added. */
function changed(value: unknown, random: Random): unknown {
  if (value === null || typeof value !== "object" || random() < 0.15) return pick(oddValues, random);
  const keys = Object.keys(value);
  const key = pick([...keys, "more"], random);
  if (Array.isArray(value))
    return value.map((item, index) => (String(index) === key ? changed(item, random) : item));
  if (random() < 0.15) return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
  return { ...value, [key]: changed((value as Record<string, unknown>)[key], random) };
}

function noise(random: Random): Buffer {
  return Buffer.from(Array.from({ length: 1 + Math.floor(random() * 30) }, () => Math.floor(random() * 256)));
}

function filesOf(folder: string): string[] {
  const payloads = readdirSync(join(folder, "recordings")).map((name) => join(folder, "recordings", name));
  return [join(folder, "case.json"), join(folder, "journal.log"), ...payloads];
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[Math.floor(random() * items.length)] as T;
}
