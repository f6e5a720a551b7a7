import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { live, localhost, record, replay, verifyCase } from "../../lib/index.js";
import { type Entry, entriesOf, writeCase } from "../fixtures/made-case.js";

describe("a case that was made to do harm", () => {
  let root: string;
  let folder: string;
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), "skbook-hostile-"));
    folder = join(root, "case");
    await record(folder);
    await say("one");
    live();
    await idle();
  });
  afterEach(() => {
    live();
    rmSync(root, { recursive: true, force: true });
  });

  const say = (text: string) => localhost().exec(["echo", text]);
  const first = () => entriesOf(folder)[0] as Entry;
  const payload = () => join(folder, first().payload?.path as string);
  /** Nobody records any more. */
  const idle = () => expect.poll(() => existsSync(join(folder, "recorder.json"))).toBe(false);
  const outside = () => {
    const path = join(root, "outside");
    writeFileSync(path, "keep\n");
    return path;
  };
  const change = (change: (entry: Entry) => unknown) => {
    const entry = first();
    const changed = change(entry);
    writeCase(folder, [changed === undefined ? entry : changed]);
  };
  const compressed = (bytes: Buffer, length: number) => {
    writeFileSync(payload(), bytes);
    change((entry) => {
      entry.payload = {
        path: entry.payload?.path as string,
        bytes: length,
        sha256: createHash("sha256").update(bytes).digest("hex"),
      };
    });
  };

  async function refused(): Promise<void> {
    const error = await replay(folder)
      .then(() => say("one"))
      .then(
        () => "answered",
        (thrown) => thrown.code,
      );
    expect(error).toBe("CASE_DAMAGED");
    const verdict = await verifyCase(folder).then(
      ({ intact }) => intact,
      (thrown) => thrown.code,
    );
    expect([false, "CASE_DAMAGED"]).toContain(verdict);
  }

  test.each(["../outside", "recordings/../../outside", "/etc/hostname", "recordings/0002-echo.gz", ""])(
    "a payload's path may not be %j",
    async (path) => {
      outside();
      change((entry) => {
        (entry.payload as { path: string }).path = path;
      });
      await refused();
    },
  );

  test("a payload that is a link is not read, whatever it leads to", async () => {
    const moved = join(root, "moved.gz");
    renameSync(payload(), moved);
    symlinkSync(moved, payload());
    await refused();
    rmSync(payload());
    symlinkSync("/dev/zero", payload());
    await refused();
  });

  test.runIf(process.getuid?.() === 0)("a device or a pipe in place of a payload is not opened", async () => {
    for (const kind of [["c", "1", "5"], ["p"]]) {
      rmSync(payload());
      execFileSync("mknod", [payload(), ...kind]);
      await refused();
    }
  });

  test.each(["journal.log", "recordings"])(
    "nothing is read or recorded through %s as a link",
    async (name) => {
      const moved = join(root, `moved-${name}`);
      renameSync(join(folder, name), moved);
      symlinkSync(moved, join(folder, name));
      const before = tree(root);
      await refused();
      const code = await record(folder)
        .then(() => say("two"))
        .catch((error) => error.code);
      expect(["CASE_DAMAGED", "CASE_WRITE_FAILED"]).toContain(code);
      expect(tree(root)).toEqual(before);
    },
  );

  test("a folder that is a link is not recorded into, and its error says so", async () => {
    const to = join(root, "link");
    symlinkSync(folder, to);
    await expect(record(to)).rejects.toMatchObject({ code: "CASE_WRITE_FAILED", failed: /it is a link/ });
    await replay(to);
    expect((await say("one")).stdout).toBe("one\n");
  });

  test("a journal that has a second name outside stays as it is", async () => {
    linkSync(join(folder, "journal.log"), join(root, "second"));
    const before = readFileSync(join(root, "second"));
    await record(folder);
    await expect(say("two")).rejects.toMatchObject({ code: "CASE_BUSY" });
    expect(readFileSync(join(root, "second"))).toEqual(before);
  });

  test.each<[string, (entry: Entry) => unknown]>([
    ["no object", () => null],
    ["a number", () => 7],
    ["a list", () => []],
    ["without a request", (entry) => ({ ...entry, request: null })],
    [
      "with a request of another kind",
      (entry) => ({ ...entry, request: { ...entry.request, kind: "shell" } }),
    ],
    ["with params that are none", (entry) => ({ ...entry, request: { ...entry.request, params: null } })],
    ["with a host that is a number", (entry) => ({ ...entry, request: { ...entry.request, host: 1 } })],
    ["with a cell that is a text", (entry) => ({ ...entry, cell: "a" })],
    ["with a payload that is a text", (entry) => ({ ...entry, payload: entry.payload?.path })],
    ["with a size below zero", (entry) => ({ ...entry, payload: { ...entry.payload, bytes: -1 } })],
    [
      "with a size that is no whole number",
      (entry) => ({ ...entry, payload: { ...entry.payload, bytes: 2 ** 53 } }),
    ],
    ["with a hash that is none", (entry) => ({ ...entry, payload: { ...entry.payload, sha256: "0" } })],
    ["with an id that is a path", (entry) => ({ ...entry, id: "0001-../../x" })],
    ["with a number beyond 2^53", (entry) => ({ ...entry, id: "9007199254740993-echo", payload: null })],
    ["with an outcome that is none", (entry) => ({ ...entry, outcome: null })],
    ["with an outcome of other types", (entry) => ({ ...entry, outcome: { exitCode: "0" } })],
    ["nested beyond every depth", nested],
  ])("an entry that is %s is damage", async (_, changed) => {
    change(changed);
    const code = await replay(folder)
      .then(() => say("one"))
      .catch((error) => error.code);
    expect(code).toBe("CASE_DAMAGED");
  });

  test("an id that stands there twice is damage", async () => {
    writeCase(folder, [first(), first()]);
    await refused();
  });

  test("gzip that is none, is cut, is longer or shorter than recorded is damage, and verifyCase says so", async () => {
    const text = Buffer.from("one\n");
    for (const [bytes, length] of [
      [text, 4],
      [gzipSync(text).subarray(0, -1), 4],
      [gzipSync(text), 3],
      [gzipSync(text), 5],
      [gzipSync(Buffer.alloc(2 ** 24)), 4],
      [Buffer.alloc(0), 4],
    ] as const) {
      compressed(bytes, length);
      await refused();
      expect((await verifyCase(folder)).intact).toBe(false);
    }
    compressed(gzipSync(text), 4);
    expect((await verifyCase(folder)).intact).toBe(true);
  });

  test("a journal without end, and a manifest without end, are refused unread", async () => {
    truncateSync(join(folder, "journal.log"), 2 ** 40);
    await expect(replay(folder)).rejects.toMatchObject({ code: "CASE_DAMAGED" });
    truncateSync(join(folder, "case.json"), 2 ** 40);
    await expect(replay(folder)).rejects.toMatchObject({ code: "NOT_A_CASE" });
  });

  test("recordings past number 9,999 are answered in the order in which they were started", async () => {
    const entry = first();
    const numbered = [9_998, 9_999, 10_000, 10_001].map((number) => {
      const id = `${number}-echo`;
      return { ...entry, id, outcome: { ...(entry.outcome as object), durationMs: number }, payload: null };
    });
    writeCase(folder, numbered);
    await replay(folder);
    const durations = [];
    for (const _ of numbered) durations.push((await say("one")).durationMs);
    expect(durations).toEqual([9_998, 9_999, 10_000, 10_001]);
    await record(folder);
    await say("two");
    expect(entriesOf(folder).at(-1)?.id).toBe("10002-echo");
  });

  test("a file of a huge number in the folder does not make recordings overwrite each other", async () => {
    writeFileSync(join(folder, "recordings", "9007199254740993-echo.gz"), "");
    await record(folder);
    await say("two");
    await say("three");
    expect(new Set(entriesOf(folder).map(({ id }) => id)).size).toBe(3);
    await replay(folder);
    expect((await say("two")).stdout).toBe("two\n");
  });

  test("a second recorder is refused before anything is overwritten, and the case can be replayed meanwhile", async () => {
    const other = spawn(process.execPath, ["-e", recorderOf(folder)], { stdio: ["pipe", "pipe", "inherit"] });
    await once(other.stdout, "data");
    const before = tree(folder);
    await expect(record(folder)).rejects.toMatchObject({ code: "CASE_BUSY" });
    expect(tree(folder)).toEqual(before);
    await replay(folder);
    expect((await say("one")).stdout).toBe("one\n");
    expect(await verifyCase(folder)).toMatchObject({ intact: true, problems: [] });
    other.kill("SIGKILL");
    await once(other, "exit");
    await record(folder);
    await say("two");
  });

  test("what is recorded is for its user only, and a cell that records again goes on", async () => {
    const own = join(root, "own");
    await record(own);
    await say("one");
    await record(own);
    await say("two");
    expect(mode(own)).toBe(0o700);
    expect(mode(join(own, "recordings"))).toBe(0o700);
    for (const name of [
      "case.json",
      "journal.log",
      ...readdirSync(join(own, "recordings")).map((file) => `recordings/${file}`),
    ])
      expect(mode(join(own, name)), name).toBe(0o600);
    expect(entriesOf(own)).toHaveLength(2);
  });

  test("a case that may only be read is replayed and verified", async () => {
    chmodSync(folder, 0o500);
    const nobody = existsSync(join(folder, "recorder.json"));
    expect(nobody).toBe(false);
    await replay(folder);
    expect((await say("one")).stdout).toBe("one\n");
    expect((await verifyCase(folder)).intact).toBe(true);
    chmodSync(folder, 0o700);
  });

  test("a copy of what a process of another machine recorded says what was cut short", async () => {
    const far = {
      pid: 1,
      started: "1",
      boot: "b",
      namespace: "n",
      machine: "another.example.net",
      token: "t",
    };
    writeFileSync(join(folder, "recorder.json"), JSON.stringify(far));
    expect((await verifyCase(folder)).intact).toBe(true);
    writeFileSync(join(folder, "recordings", "0002-echo.gz.unfinished"), "");
    appendFileSync(join(folder, "journal.log"), "half a line");
    const { intact, problems } = await verifyCase(folder);
    expect(intact).toBe(false);
    expect(problems.join()).toMatch(/cut short.*its run never ended/);
    // Who may still record there keeps others out.
    await expect(record(folder)).rejects.toMatchObject({ code: "CASE_BUSY" });
  });

  test("a line that another process appends to is noticed", async () => {
    await record(folder);
    appendFileSync(join(folder, "journal.log"), "x\n");
    await expect(say("two")).rejects.toMatchObject({ code: "CASE_BUSY" });
  });

  test("a copy of a case without its recordings' folder says which are missing", async () => {
    const copy = join(root, "copy");
    mkdirSync(copy);
    for (const name of ["case.json", "journal.log"]) cpSync(join(folder, name), join(copy, name));
    expect((await verifyCase(copy)).intact).toBe(false);
  });
});

/** Its text: JSON.stringify can't make it. */
function nested(entry: Entry): string {
  const params = `${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}`;
  return JSON.stringify({ ...entry, request: { ...entry.request, params: "deep" } }).replace(
    '"deep"',
    params,
  );
}

function mode(path: string): number {
  return statSync(path).mode & 0o777;
}

/** Every file below a folder with its content. */
function tree(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path, readFileSync(path, "base64")]),
  );
}

/** A process that records into a case until it is killed. */
function recorderOf(folder: string): string {
  const library = JSON.stringify(new URL("../../dist/lib/index.js", import.meta.url).href);
  return `import(${library}).then(async ({ record, localhost }) => {
    await record(${JSON.stringify(folder)});
    await localhost().exec(["true"]);
    localhost().exec(["sleep", "60"]);
    console.log("recording");
    process.stdin.resume();
  })`;
}
