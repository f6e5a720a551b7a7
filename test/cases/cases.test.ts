import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hostFacts, localhost, record, replay, verifyCase } from "../../lib/index.js";
import { enterCell } from "../fixtures/cell.js";

describe("a case", () => {
  let folder: string;
  beforeEach(async () => {
    folder = join(mkdtempSync(join(tmpdir(), "skbook-case-")), "case");
    await record(folder);
  });
  afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

  const say = (text: string) => localhost().exec(["sh", "-c", `echo ${text}; echo $$ >&2`]);
  const journal = () => join(folder, "journal.log");
  const payload = (index: number) =>
    join(folder, "recordings", readdirSync(join(folder, "recordings")).sort()[index] as string);

  test("answers as the host did, byte for byte, in the order asked", async () => {
    const random = () => localhost().exec(["sh", "-c", "head -c 200000 /dev/urandom | base64"]);
    const recorded = [await random(), await random(), await say("one")];
    await replay(folder);
    expect([await random(), await random(), await say("one")]).toEqual(recorded);
    expect(await random()).toEqual(recorded[1]);
  });

  test("never makes up an answer: the difference is shown", async () => {
    await localhost().exec(["echo", "one", "two"]);
    await replay(folder);
    const call = localhost().exec(["echo", "one", "three"]);
    await expect(call).rejects.toMatchObject({ code: "NOT_RECORDED" });
    await expect(call).rejects.toThrow(
      /command was \["echo","one","two"\], asked is \["echo","one","three"\]/,
    );
  });

  test("a replayed host runs nothing that was not recorded", async () => {
    await say("one");
    await replay(folder);
    const { connect } = await import("../../lib/index.js");
    await expect(connect("root@192.0.2.77")).rejects.toMatchObject({ code: "NOT_RECORDED" });
  });

  test("is verified as intact", async () => {
    await say("one");
    await say("two");
    const report = await verifyCase(folder);
    expect(report).toMatchObject({ intact: true, problems: [] });
    expect(report.recordings.map(({ kind, name, bytes, intact }) => ({ kind, name, bytes, intact }))).toEqual(
      [
        { kind: "exec", name: "sh", bytes: 4, intact: true },
        { kind: "exec", name: "sh", bytes: 4, intact: true },
      ],
    );
  });

  test("every flipped byte of a recording is found, wherever it is", async () => {
    await say("one");
    const good = readFileSync(payload(0));
    for (let index = 0; index < good.length; index += 1) {
      const bad = Buffer.from(good);
      bad[index] = (bad[index] as number) ^ 0x10;
      writeFileSync(payload(0), bad);
      await replay(folder);
      await expect(say("one")).rejects.toMatchObject({ code: "CASE_DAMAGED" });
    }
    expect((await verifyCase(folder)).intact).toBe(false);
  });

  test("every flipped byte of the journal and the manifest is found", async () => {
    await say("one");
    for (const path of [journal(), join(folder, "case.json")]) {
      const good = readFileSync(path);
      for (let index = 0; index < good.length; index += 1) {
        const bad = Buffer.from(good);
        bad[index] = (bad[index] as number) ^ 0x01;
        writeFileSync(path, bad);
        const outcome = await replay(folder).then(
          () =>
            say("one").then(
              () => "answered",
              (error) => error.code,
            ),
          (error) => error.code,
        );
        expect(["CASE_DAMAGED", "NOT_A_CASE", "NOT_RECORDED"]).toContain(outcome);
      }
      writeFileSync(path, good);
    }
  });

  test("cut short anywhere, it keeps every recording before the cut, and recording goes on", async () => {
    await say("one");
    const first = readFileSync(journal()).length;
    await say("two");
    for (const cut of [0, 1, 70, -1]) {
      const whole = readFileSync(journal()).length;
      truncateSync(journal(), cut < 0 ? whole + cut : first + cut);
      await replay(folder);
      expect((await say("one")).stdout).toBe("one\n");
      await expect(say("two")).rejects.toMatchObject({ code: "NOT_RECORDED" });
      await record(folder);
      await say("two");
      await replay(folder);
      expect((await say("two")).stdout).toBe("two\n");
      await record(folder);
    }
  });

  test("each cell gets its own answers, whatever order cells are run in", async () => {
    const now = () => localhost().exec(["date", "+%N"]);
    const inCell = async (id: string) => {
      const leave = enterCell(id);
      try {
        return [(await now()).stdout, (await now()).stdout];
      } finally {
        leave();
      }
    };
    await inCell("before");
    const after = await inCell("after");
    const before = await inCell("before");
    await replay(folder);
    expect(await inCell("after")).toEqual(after);
    expect(await inCell("before")).toEqual(before);
    expect(await inCell("after")).toEqual(after);
  });

  test("what was known of a host before recording began is in the case, too", async () => {
    await hostFacts(localhost());
    await record(join(folder, "..", "second"));
    const recorded = await hostFacts(localhost());
    await replay(join(folder, "..", "second"));
    expect((await hostFacts(localhost())).values).toEqual(recorded.values);
  });

  test("a journal that lost whole lines is not intact", async () => {
    await say("one");
    const first = readFileSync(journal()).length;
    await say("two");
    truncateSync(journal(), first);
    expect((await verifyCase(folder)).problems.join()).toMatch(/lines are missing/);
  });

  test("in a replay nothing runs on this machine either", async () => {
    await say("one");
    await replay(folder);
    const file = join(folder, "..", "made");
    const execution = localhost().start(["touch", file]);
    await expect(execution.ended).rejects.toMatchObject({ code: "NOT_RECORDED" });
    expect(existsSync(file)).toBe(false);
  });

  test("a folder that can't be written is a clear error", async () => {
    writeFileSync(join(folder, "..", "file"), "");
    await expect(record(join(folder, "..", "file", "case"))).rejects.toMatchObject({
      code: "CASE_WRITE_FAILED",
    });
  });

  test("a folder that is no case is refused", async () => {
    const empty = mkdtempSync(join(tmpdir(), "skbook-no-case-"));
    await expect(replay(empty)).rejects.toMatchObject({ code: "NOT_A_CASE" });
    await expect(replay(join(empty, "missing"))).rejects.toMatchObject({ code: "NOT_A_CASE" });
    writeFileSync(join(empty, "case.json"), '{"format":"skbook-case","version":99}');
    await expect(replay(empty)).rejects.toThrow(/version/);
    rmSync(empty, { recursive: true });
  });

  test("two recorders in one folder are noticed", async () => {
    await say("one");
    appendFileSync(journal(), "another recorder's line\n");
    await expect(say("two")).rejects.toMatchObject({ code: "CASE_BUSY" });
  });

  test("a refused run leaves no file behind", async () => {
    const abort = new AbortController();
    abort.abort();
    await expect(localhost().exec(["echo"], { signal: abort.signal })).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
    expect(readdirSync(join(folder, "recordings"))).toEqual([]);
  });
});
